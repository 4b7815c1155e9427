"""`evaluate.Metric` modules that are part of this package, so that nothing is fetched at run time.

All results are percentages. Importing this takes seconds; `score_task` does it when first needed.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, ClassVar, Final

import evaluate
import numpy as np
from datasets import Features, List, Value
from scipy.stats import ConstantInputWarning, NearConstantInputWarning, pearsonr, spearmanr
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

from distill.metrics.spans import exact_match, f1_of_words

if TYPE_CHECKING:
    from collections.abc import Callable

_GLUE: Final = "Wang et al. 2019, GLUE, https://arxiv.org/abs/1804.07461"
_SQUAD: Final = "Rajpurkar et al. 2018, Know What You Don't Know, https://arxiv.org/abs/1806.03822"


class _Module(evaluate.Metric):  # type: ignore[misc]  # evaluate has no types
    """What the modules share: `compute(predictions, references, metrics)` gives a percentage each.

    Row by row, `predictions` and `references` have the types in `rows`; `measures` take both.
    """

    citation_text: str
    rows: Features
    measures: ClassVar[dict[str, Callable[[Any, Any], float]]]

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=type(self).__doc__,
            citation=self.citation_text,
            features=self.rows,
            inputs_description=f"metrics: names among {', '.join(self.measures)}.",
        )

    def _compute(self, predictions: Any, references: Any, metrics: list[str]) -> dict[str, float]:
        return {name: 100 * float(self.measures[name](references, predictions)) for name in metrics}


def _f1(references: Any, predictions: Any) -> float:
    """Return F1 of class 1 against class 0, as GLUE has it for MRPC and QQP."""
    other = {*references, *predictions} - {0, 1}
    if other:
        raise ValueError(f"f1 is of two classes, 0 and 1, not {sorted(other)}; macro_f1 takes more")
    return float(f1_score(references, predictions, zero_division=0.0))


def _macro_f1(references: Any, predictions: Any) -> float:
    """Return the mean F1 of the classes that occur in references or predictions."""
    return float(f1_score(references, predictions, average="macro", zero_division=0.0))


def _matthews(references: Any, predictions: Any) -> float:
    """Return Matthews' coefficient, 0 when either side has one class only."""
    if len({*references}) == 1 or len({*predictions}) == 1:
        return 0.0
    return float(matthews_corrcoef(references, predictions))


def _pearson(references: Any, predictions: Any) -> float:
    """Return Pearson's correlation, 0 when either side is the same but for rounding."""
    return _correlation(pearsonr, references, predictions)


def _spearman(references: Any, predictions: Any) -> float:
    """Return Spearman's correlation, ties at their mean rank; 0 when either side is all one."""
    return _correlation(spearmanr, references, predictions)


def _correlation(measure: Callable[..., Any], references: Any, predictions: Any) -> float:
    if len(references) == 1:
        return 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConstantInputWarning)
        warnings.simplefilter("error", NearConstantInputWarning)
        try:
            return float(measure(references, predictions).statistic)
        except (ConstantInputWarning, NearConstantInputWarning):
            return 0.0


def _mean_exact_match(references: list[list[str]], predictions: list[str]) -> float:
    return float(np.mean(list(map(exact_match, predictions, references))))


def _mean_f1(references: list[list[str]], predictions: list[str]) -> float:
    return float(np.mean(list(map(f1_of_words, predictions, references))))


class ClassificationMetric(_Module):
    """Accuracy, F1 of class 1, macro F1 and Matthews' coefficient of classes, in percent."""

    citation_text = _GLUE
    rows = Features({"predictions": Value("int64"), "references": Value("int64")})
    measures: ClassVar = {
        "accuracy": accuracy_score,
        "f1": _f1,
        "macro_f1": _macro_f1,
        "matthews": _matthews,
    }


class RegressionMetric(_Module):
    """Pearson's and Spearman's correlation of numbers, in percent."""

    citation_text = _GLUE
    rows = Features({"predictions": Value("float64"), "references": Value("float64")})
    measures: ClassVar = {"pearson": _pearson, "spearman": _spearman}


class SpanMetric(_Module):
    """SQuAD 2.0's exact match and F1 of answer texts, in percent; no gold means unanswerable."""

    citation_text = _SQUAD
    rows = Features({"predictions": Value("string"), "references": List(Value("string"))})
    measures: ClassVar = {"exact_match": _mean_exact_match, "f1": _mean_f1}


MODULES: Final = {
    "classification": ClassificationMetric,
    "regression": RegressionMetric,
    "span_extraction": SpanMetric,
}
