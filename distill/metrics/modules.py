"""`evaluate.Metric` modules that are part of this package, so that nothing is fetched at run time.

Importing this takes seconds; `distill.metrics.score_task` does it when the first score is asked for.
All results are percentages.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final

import evaluate
import numpy as np
from datasets import Features, Sequence, Value
from scipy.stats import DegenerateDataWarning, pearsonr, spearmanr
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

from distill.metrics.spans import exact_match, f1_of_words

if TYPE_CHECKING:
    from collections.abc import Callable

    Rows = Any
    Measure = Callable[[Rows, Rows], float]

_GLUE: Final = "Wang et al. 2019, GLUE: A Multi-Task Benchmark, https://arxiv.org/abs/1804.07461"
_SQUAD: Final = "Rajpurkar et al. 2018, Know What You Don't Know, https://arxiv.org/abs/1806.03822"
