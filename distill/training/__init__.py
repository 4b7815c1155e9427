"""How models are trained.

One `transformers.Trainer` subclass for teachers and student; DeepSpeed; task sampling.
"""

from distill.training.annealing import linear_weight
from distill.training.launch import deepspeed_config, is_distributed, launch_ranks
from distill.training.predict import MODEL_INPUTS, predict_logits
from distill.training.sampling import PlannedBatch, plan_batches
from distill.training.trainer import DistillTrainer, Hyperparameters, Objective, progress_bar, train

__all__ = [
    "MODEL_INPUTS",
    "DistillTrainer",
    "Hyperparameters",
    "Objective",
    "PlannedBatch",
    "deepspeed_config",
    "is_distributed",
    "launch_ranks",
    "linear_weight",
    "plan_batches",
    "predict_logits",
    "progress_bar",
    "train",
]
