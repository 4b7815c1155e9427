"""`evaluate.Metric` modules that are part of this package, so that nothing is fetched at run time.

All results are percentages. Importing this takes seconds; `measure` does it when first needed.
N examples, C classes or labels, K candidates.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, ClassVar, Final

import evaluate
import numpy as np
from datasets import Features, List, Value
from rouge_score.rouge_scorer import RougeScorer
from scipy.stats import ConstantInputWarning, NearConstantInputWarning, pearsonr, spearmanr
from seqeval.metrics import f1_score as entity_f1_score
from seqeval.metrics.sequence_labeling import get_entities
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

from distill.metrics.spans import compare_answers
from distill.metrics.statistics import (
    Statistic,
    correlation,
    matthews,
    rank_correlation,
    ratio_of_sums,
    resample,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

_Pair = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]

_GLUE: Final = "Wang et al. 2019, GLUE, https://arxiv.org/abs/1804.07461"


class _Module(evaluate.Metric):  # type: ignore[misc]  # evaluate has no types
    """What the modules share: `compute(predictions, references, metrics)` gives a percentage each.

    Row by row, `predictions` and `references` have the types in `rows`. With `draws` and `seed`,
    the entry `draws` has each metric on that many bootstrap resamples.
    """

    source: str
    rows: Features
    measures: ClassVar[dict[str, Callable[[NDArray[Any], NDArray[Any]], Statistic]]]

    @classmethod
    def statistics(cls, given: Any, expected: Any, names: Sequence[str]) -> dict[str, Statistic]:
        """Return the metrics in `names`."""
        arrays = np.asarray(given), np.asarray(expected)
        return {name: cls.measures[name](*arrays) for name in names}

    def _info(self) -> evaluate.MetricInfo:
        return evaluate.MetricInfo(
            description=type(self).__doc__,
            citation=self.source,
            features=self.rows,
            inputs_description="metrics: names; draws: how many resamples; seed: of the resamples",
        )

    def _compute(
        self, predictions: Any, references: Any, metrics: list[str], draws: int = 0, seed: int = 0
    ) -> dict[str, Any]:
        statistics = self.statistics(predictions, references, metrics)
        scores: dict[str, Any] = {name: 100 * float(one.point) for name, one in statistics.items()}
        if draws:
            drawn = resample(statistics, len(references), draws, seed)
            scores["draws"] = {name: 100 * values for name, values in drawn.items()}
        return scores


def _accuracy(given: NDArray[Any], expected: NDArray[Any]) -> Statistic:
    right_N = (given == expected).reshape(len(given), -1).all(1)
    return ratio_of_sums(right_N, np.ones(len(given)), accuracy_score(expected, given))


def _f1_of_sums(given: NDArray[Any], expected: NDArray[Any], point: float) -> Statistic:
    """Return F1 of columns of 0 and 1: twice what both have over what each has."""
    return ratio_of_sums(2 * given * expected, given + expected, point)


def _f1(given: NDArray[Any], expected: NDArray[Any]) -> Statistic:
    other = {*given.tolist(), *expected.tolist()} - {0, 1}
    if other:
        raise ValueError(f"f1 is of two classes, 0 and 1, not {sorted(other)}; macro_f1 takes more")
    return _f1_of_sums(given, expected, f1_score(expected, given, zero_division=0.0))


def _one_hot(given: NDArray[Any], expected: NDArray[Any]) -> _Pair:
    """Return both sides as `[N, C]` of 0 and 1, for the classes that occur on either."""
    classes = np.union1d(given, expected)
    return (given[:, None] == classes) * 1.0, (expected[:, None] == classes) * 1.0


def _macro_f1(given: NDArray[Any], expected: NDArray[Any]) -> Statistic:
    point = f1_score(expected, given, average="macro", zero_division=0.0)
    return _f1_of_sums(*_one_hot(given, expected), point)


def _matthews(given: NDArray[Any], expected: NDArray[Any]) -> Statistic:
    varied = len({*expected.tolist()}) > 1 and len({*given.tolist()}) > 1
    point = matthews_corrcoef(expected, given) if varied else 0.0
    return matthews(*_one_hot(given, expected), point)


class ClassificationMetric(_Module):
    """Accuracy, F1 of class 1, macro F1 and Matthews' coefficient of classes, in percent.

    F1 is of class 1 against class 0, as GLUE has it for MRPC and QQP; macro F1 is the mean over the
    classes that occur in references or predictions.
    """

    source = _GLUE
    rows = Features({"predictions": Value("int64"), "references": Value("int64")})
    measures: ClassVar = {
        "accuracy": _accuracy,
        "f1": _f1,
        "macro_f1": _macro_f1,
        "matthews": _matthews,
    }


def _micro_f1_of_labels(given_NC: NDArray[Any], expected_NC: NDArray[Any]) -> Statistic:
    point = f1_score(expected_NC, given_NC, average="micro", zero_division=0.0)
    both_N, either_N = (2 * given_NC * expected_NC).sum(1), (given_NC + expected_NC).sum(1)
    return ratio_of_sums(both_N, either_N, point)


def _macro_f1_of_labels(given_NC: NDArray[Any], expected_NC: NDArray[Any]) -> Statistic:
    occur_C = (given_NC | expected_NC).any(0)
    labels = np.flatnonzero(occur_C)
    point = f1_score(expected_NC, given_NC, labels=labels, average="macro") if len(labels) else 0.0
    return _f1_of_sums(given_NC, expected_NC, point)


class MultiLabelMetric(_Module):
    """F1 over all labels, mean F1 of labels, and the share of rows with all labels right.

    In percent; macro F1 is the mean over the labels that occur in references or predictions.
    """

    source = "Demszky et al. 2020, GoEmotions, https://arxiv.org/abs/2005.00547"
    rows = Features({"predictions": List(Value("int64")), "references": List(Value("int64"))})
    measures: ClassVar = {
        "micro_f1": _micro_f1_of_labels,
        "macro_f1": _macro_f1_of_labels,
        "accuracy": _accuracy,
    }


def _pearson(given: NDArray[Any], expected: NDArray[Any]) -> Statistic:
    return correlation(given, expected, _unless_constant(pearsonr, given, expected))


def _spearman(given: NDArray[Any], expected: NDArray[Any]) -> Statistic:
    return rank_correlation(given, expected, _unless_constant(spearmanr, given, expected))


def _unless_constant(
    measure: Callable[..., Any], given: NDArray[Any], expected: NDArray[Any]
) -> float:
    if len(given) == 1:
        return 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConstantInputWarning)
        warnings.simplefilter("error", NearConstantInputWarning)
        try:
            return float(measure(expected, given).statistic)
        except (ConstantInputWarning, NearConstantInputWarning):
            return 0.0


class RegressionMetric(_Module):
    """Pearson's and Spearman's correlation of numbers, in percent.

    0 when either side is the same but for rounding; tied values have their mean rank.
    """

    source = _GLUE
    rows = Features({"predictions": Value("float64"), "references": Value("float64")})
    measures: ClassVar = {"pearson": _pearson, "spearman": _spearman}


class SpanMetric(_Module):
    """SQuAD 2.0's exact match and F1 of answer texts, in percent; no gold means unanswerable.

    `has_answer_*` and `no_answer_exact` are over the rows with and without golds, 0 if there are
    none.
    """

    source = "Rajpurkar et al. 2018, Know What You Don't Know, https://arxiv.org/abs/1806.03822"
    rows = Features({"predictions": Value("string"), "references": List(Value("string"))})

    @classmethod
    def statistics(cls, given: Any, expected: Any, names: Sequence[str]) -> dict[str, Statistic]:
        """Return the metrics in `names`."""
        exact_N, f1_N = compare_answers(given, expected)
        has_N = np.array([bool(golds) for golds in expected], np.float64)
        every_N = np.ones(len(has_N))
        sums = {
            "exact_match": (exact_N, every_N),
            "f1": (f1_N, every_N),
            "has_answer_exact": (exact_N * has_N, has_N),
            "has_answer_f1": (f1_N * has_N, has_N),
            "no_answer_exact": (exact_N * (1 - has_N), 1 - has_N),
        }
        return {name: ratio_of_sums(*sums[name]) for name in names}


def _entity_f1(given: list[list[str]], expected: list[list[str]]) -> Statistic:
    unfit = {tag for tags in (*given, *expected) for tag in tags if not _is_chunk_tag(tag)}
    if unfit:
        raise ValueError(f"entity_f1 reads tags such as O, B-PER and I-PER, not {min(unfit)!r}")
    found = [
        ({*get_entities(one)}, {*get_entities(other)})
        for one, other in zip(given, expected, strict=True)
    ]
    return ratio_of_sums(
        [2 * len(one & other) for one, other in found],
        [len(one) + len(other) for one, other in found],
        entity_f1_score(expected, given, zero_division=0),
    )


def _is_chunk_tag(tag: str) -> bool:
    return tag in {*"OBIES"} or tag.startswith(("B-", "I-", "E-", "S-"))


def _accuracy_of_words(given: list[list[str]], expected: list[list[str]]) -> Statistic:
    right = [sum(map(str.__eq__, one, other)) for one, other in zip(given, expected, strict=True)]
    return ratio_of_sums(right, list(map(len, expected)))


class TaggingMetric(_Module):
    """F1 of whole entities as `conlleval` counts them, and accuracy over words, in percent."""

    source = "Nakayama 2018, seqeval, https://github.com/chakki-works/seqeval"
    rows = Features({"predictions": List(Value("string")), "references": List(Value("string"))})

    @classmethod
    def statistics(cls, given: Any, expected: Any, names: Sequence[str]) -> dict[str, Statistic]:
        """Return the metrics in `names`."""
        measures = {"entity_f1": _entity_f1, "accuracy": _accuracy_of_words}
        return {name: measures[name](given, expected) for name in names}


class MultipleChoiceMetric(_Module):
    """Recall at 1 and 2 and the mean reciprocal rank of the right candidate, in percent.

    Of equal scores the earlier candidate ranks higher.
    """

    source = "Cui et al. 2020, MuTual, https://arxiv.org/abs/2004.04494"
    rows = Features({"predictions": List(Value("float64")), "references": Value("int64")})

    @classmethod
    def statistics(cls, given: Any, expected: Any, names: Sequence[str]) -> dict[str, Statistic]:
        """Return the metrics in `names`."""
        order_NK = np.argsort(-np.asarray(given), axis=1, kind="stable")
        rank_N = 1 + np.argmax(order_NK == np.asarray(expected)[:, None], axis=1)
        values = {"recall_at_1": rank_N <= 1, "recall_at_2": rank_N <= 2, "mrr": 1 / rank_N}
        return {name: ratio_of_sums(values[name], np.ones(len(rank_N))) for name in names}


class ExtractiveSummaryMetric(_Module):
    """F-measure of ROUGE-1, 2 and L with stemming, in percent: that of the nearest reference."""

    source = "Lin 2004, ROUGE, https://aclanthology.org/W04-1013"
    rows = Features({"predictions": Value("string"), "references": List(Value("string"))})

    @classmethod
    def statistics(cls, given: Any, expected: Any, names: Sequence[str]) -> dict[str, Statistic]:
        """Return the metrics in `names`."""
        scorer = RougeScorer([*names], use_stemmer=True)
        scores = [
            scorer.score_multi(golds, text) for text, golds in zip(given, expected, strict=True)
        ]
        every_N = np.ones(len(scores))
        return {
            name: ratio_of_sums([score[name].fmeasure for score in scores], every_N)
            for name in names
        }


MODULES: Final = {
    "classification": ClassificationMetric,
    "multi_label": MultiLabelMetric,
    "regression": RegressionMetric,
    "span_extraction": SpanMetric,
    "tagging": TaggingMetric,
    "multiple_choice": MultipleChoiceMetric,
    "extractive_summary": ExtractiveSummaryMetric,
}
