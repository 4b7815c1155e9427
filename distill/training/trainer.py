"""The one training loop: `transformers.Trainer` with our batches, losses, scores and a safe resume.

This module does not know what a task or a recipe is: batches, losses and scores come as functions.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.data import DataLoader
from tqdm import tqdm
from transformers import EarlyStoppingCallback, Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_callback import PrinterCallback

from distill.training.launch import deepspeed_config
from distill.training.predict import model_logits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from transformers import PreTrainedModel, TrainerControl, TrainerState

    from distill.training.sampling import PlannedBatch

NEVER = 10**9
TASK_PREFIX = "eval_task_"


@dataclass(frozen=True)
class Hyperparameters:
    """How one model is trained; names and units as in the recipe."""

    learning_rate: float
    gradient_accumulation_steps: int
    warmup_fraction: float
    weight_decay: float
    max_grad_norm: float
    evaluations: int
    patience: int | None
    seed: int
    bfloat16: bool = False
    zero_stage: int | None = None


@dataclass(frozen=True)
class Objective:
    """The functions that make a training this one.

    `collate(planned, rank, ranks)` gives one rank's batch; `loss(logits, batch, progress)` its loss
    at `progress` in [0, 1]; `scores(model)` the dev scores by name, of which the mean is maximised.
    """

    plan: Sequence[PlannedBatch]
    collate: Callable[[PlannedBatch, int, int], dict[str, Any]]
    loss: Callable[[torch.Tensor, dict[str, Any], float], torch.Tensor]
    scores: Callable[[torch.nn.Module], dict[str, float]]


class DistillTrainer(Trainer):
    """A `Trainer` over planned micro-batches of one task each."""

    def __init__(
        self, model: PreTrainedModel, arguments: TrainingArguments, objective: Objective
    ) -> None:
        # the Trainer insists on an evaluation set; `evaluate` below never reads it
        super().__init__(model=model, args=arguments, eval_dataset=objective.plan)
        self.objective: Objective = objective
        # our losses are means: the Trainer divides by the accumulation steps
        self.model_accepts_loss_kwargs = False

    def get_train_dataloader(self) -> DataLoader[Any]:
        """Return the whole training as one pass; the plan is already shared out over ranks."""
        rank, ranks = self.args.process_index, self.args.world_size
        return DataLoader(
            self.objective.plan,  # type: ignore[arg-type]  # a sequence is a map-style data set
            batch_sampler=[[step] for step in range(len(self.objective.plan))],
            collate_fn=lambda planned: self.objective.collate(planned[0], rank, ranks),
        )

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,  # noqa: ARG002  # the Trainer gives it
    ) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
        """Return the objective's loss of one micro-batch."""
        logits = model_logits(model, inputs)
        loss = self.objective.loss(logits, inputs, self.state.global_step / self.state.max_steps)
        return (loss, logits) if return_outputs else loss

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Return `eval_score`, the mean of the objective's dev scores, and each of them."""
        scores = self.objective.scores(self.model_wrapped)
        metrics = {f"{TASK_PREFIX}{name}": value for name, value in scores.items()}
        metrics["eval_score"] = sum(scores.values()) / len(scores)
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics


class _Milestones(TrainerCallback):
    """Evaluate and save at equal distances, the last time at the last step."""

    def __init__(self, evaluations: int) -> None:
        self.evaluations = evaluations

    def on_step_end(
        self,
        args: TrainingArguments,  # noqa: ARG002  # named as in the base class
        state: TrainerState,
        control: TrainerControl,
        **_: Any,
    ) -> None:
        step, total = state.global_step, state.max_steps
        wanted = {
            max(1, round(total * part / self.evaluations))
            for part in range(1, self.evaluations + 1)
        }
        control.should_evaluate = control.should_save = step in wanted


class _Progress(TrainerCallback):
    """One progress bar for the whole training, with the last dev score."""

    def __init__(self, label: str) -> None:
        self.label = label

    def on_train_begin(
        self,
        args: TrainingArguments,  # noqa: ARG002  # named as in the base class
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002  # named as in the base class
        **_: Any,
    ) -> None:
        hidden = not state.is_world_process_zero
        self.bar = progress_bar(
            self.label, total=state.max_steps, initial=state.global_step, disable=hidden
        )

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self.bar.update()

    def on_evaluate(self, *_: Any, **given: Any) -> None:
        self.bar.set_postfix_str(f"dev {given['metrics']['eval_score']:.1f}")

    def on_train_end(self, *_: Any, **__: Any) -> None:
        self.bar.close()


def progress_bar(label: str, **options: Any) -> Any:
    """Return a tqdm bar on stderr that redraws rarely where stderr is a file."""
    bar = tqdm(desc=label, dynamic_ncols=True, mininterval=0.5, **options)
    if not bar.disable and not bar.fp.isatty():
        bar.mininterval = 10.0
    return bar


def train(
    model: PreTrainedModel,
    objective: Objective,
    hyper: Hyperparameters,
    *,
    label: str,
    scratch: Path,
    out: Path,
) -> dict[str, float]:
    """Train `model` as `objective` says, resuming from `scratch`.

    Write the best checkpoint to `out` and return its dev scores. The best is the one with the
    highest mean dev score; of equal ones the first. Ranks other than 0 write nothing and return
    nothing.
    """
    arguments = _arguments(hyper, len(objective.plan), scratch)
    trainer = DistillTrainer(model, arguments, objective)
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(_Milestones(hyper.evaluations))
    trainer.add_callback(_Progress(label))
    if hyper.patience is not None:
        trainer.add_callback(EarlyStoppingCallback(early_stopping_patience=hyper.patience))
    last = _last_complete_checkpoint(scratch)
    # a finished one would be trained a step too far
    if last is None or not _is_finished(last, arguments.max_steps):
        trainer.train(resume_from_checkpoint=None if last is None else str(last))
    if arguments.process_index != 0:
        return {}
    last = _last_complete_checkpoint(scratch)
    if last is None:
        raise RuntimeError(f"{scratch}: training ended without a checkpoint")
    state = _state(last)
    best = scratch / f"checkpoint-{state['best_global_step']}"
    for name in ("config.json", "model.safetensors"):
        shutil.copyfile(best / name, out / name)
    return _best_scores(state)


def _arguments(hyper: Hyperparameters, batches: int, scratch: Path) -> TrainingArguments:
    steps = -(-batches // hyper.gradient_accumulation_steps)
    return TrainingArguments(
        output_dir=str(scratch),
        max_steps=steps,
        per_device_train_batch_size=1,  # of planned batches; DeepSpeed wants a number
        gradient_accumulation_steps=hyper.gradient_accumulation_steps,
        learning_rate=hyper.learning_rate,
        warmup_steps=round(hyper.warmup_fraction * steps),
        lr_scheduler_type="linear",
        weight_decay=hyper.weight_decay,
        max_grad_norm=hyper.max_grad_norm,
        optim="adamw_torch_fused",  # one pass over the weights; several times faster on a CPU too
        seed=hyper.seed,
        bf16=hyper.bfloat16,
        use_cpu=not torch.cuda.is_available(),
        deepspeed=None if hyper.zero_stage is None else deepspeed_config(hyper.zero_stage),
        eval_strategy="steps",
        eval_steps=NEVER,
        save_strategy="steps",
        save_steps=NEVER,
        save_total_limit=2,
        restore_callback_states_from_checkpoint=True,  # early stopping counts on after a resume
        metric_for_best_model="score",
        greater_is_better=True,
        logging_steps=NEVER,
        report_to=[],
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
        log_level="error",
    )


def _state(checkpoint: Path) -> dict[str, Any]:
    return json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def _is_finished(checkpoint: Path, max_steps: int) -> bool:
    state = _state(checkpoint)
    stopped: bool = (
        state["stateful_callbacks"]
        .get("TrainerControl", {})
        .get("args", {})
        .get("should_training_stop", False)
    )
    return state["global_step"] >= max_steps or stopped


def _last_complete_checkpoint(scratch: Path) -> Path | None:
    """Return the newest checkpoint whose state file, written last, is whole.

    A kill can leave half of one.
    """
    found = sorted(
        scratch.glob("checkpoint-*"),
        key=lambda path: int(path.name.rpartition("-")[2]),
        reverse=True,
    )
    for checkpoint in found:
        with contextlib.suppress(OSError, ValueError):
            _state(checkpoint)
            return checkpoint
    return None


def _best_scores(state: dict[str, Any]) -> dict[str, float]:
    entry = next(
        entry
        for entry in state["log_history"]
        if entry.get("step") == state["best_global_step"] and "eval_score" in entry
    )
    return {
        name.removeprefix(TASK_PREFIX): value
        for name, value in entry.items()
        if name.startswith(TASK_PREFIX)
    }
