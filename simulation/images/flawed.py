"""Trainings on images that go wrong in one place: the mistakes that a measurement on real data invites.

Each trains as the true engine does, from the same split, flips, weights and batches, and reports something
else.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from simulation.images.flips import flip_labels
from simulation.images.run import ImageRun
from simulation.images.task import Recipe, Task
from simulation.images.torch_engine import TorchEngine, recipe_of, runs_of, task_at
from simulation.models import FalseEngine, Job
from theory.images.options import ImageOptions
from theory.rng import derive_seed

if TYPE_CHECKING:
    from torch import nn

__all__ = ["FLAWED", "FlawedTraining"]

_TRUE = TorchEngine()


@dataclass(frozen=True)
class FlawedTraining(FalseEngine):
    """The true engine with a flaw.

    Args:
        what: what is wrong. task: what becomes of the task of a job. recipe: of how it is trained. run: of
            the run that is reported.
    """

    what: str
    task: Callable[[Task, Job], Task] = lambda task, job: task
    recipe: Callable[[Recipe], Recipe] = lambda recipe: recipe
    run: Callable[[ImageRun], ImageRun] = lambda run: run
    most = TorchEngine.most

    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[ImageRun]:
        """As the true engine, but for the flaw."""
        tasks = [self.task(task_at(job.setting, job.seed), job) for job in jobs]
        return [self.run(r) for r in runs_of(jobs, tasks, self.recipe(recipe_of(jobs[0])), device=device)]

    def stands_for(self, engine: str, options: Hashable) -> bool:
        """Plain trainings: an audit has its own way of labelling them."""
        return isinstance(options, ImageOptions) and not options.audit and not options.maps_at

    def shape(self, job: Job) -> tuple[float, ...]:
        """As of the true engine."""
        return _TRUE.shape(job)

    def key(self, job: Job) -> Hashable:
        """As of the true engine."""
        return _TRUE.key(job)

    def work(self, job: Job) -> float:
        """As of the true engine."""
        return _TRUE.work(job)

    def missing(self, job: Job) -> str | None:
        """As of the true engine."""
        return _TRUE.missing(job)


def _flipped_tests(task: Task, job: Job) -> Task:
    s = job.setting
    seed = derive_seed(job.seed, "images.flawed.test")
    flipped = flip_labels(task.x_test, task.y_test, task.k, s.flip_rate, "symmetric", seed)
    return replace(task, y_test=flipped)


def _never_evaluating(recipe: Recipe) -> Recipe:
    from simulation.images.nets.build import builder_of

    known = recipe.model if callable(recipe.model) else builder_of(recipe.model)

    def build(channels: int, height: int, width: int, classes: int) -> nn.Module:
        made = known(channels, height, width, classes)
        made.eval = lambda: made  # type: ignore[method-assign]
        return made

    return replace(recipe, model=build)


FLAWED: Mapping[str, FlawedTraining] = {
    "observed for true labels": FlawedTraining(
        "the observed labels are reported as the true ones too",
        task=lambda task, job: replace(task, y=task.labels),
    ),
    "true and observed labels exchanged": FlawedTraining(
        "true labels are reported as observed ones, and the other way round",
        run=lambda run: replace(run, y=run.labels, labels=run.y),
    ),
    "flips applied to the test part": FlawedTraining(
        "test labels are flipped at the rate of the training labels", task=_flipped_tests
    ),
    "evaluated in training mode": FlawedTraining(
        "records are made with dropout on", recipe=_never_evaluating
    ),
    "test labels passed off as validation": FlawedTraining(
        "validation accuracy is that on test images with true labels",
        task=lambda task, job: replace(task, x_val=task.x_test, labels_val=task.y_test, y_val=task.y_test),
    ),
}
