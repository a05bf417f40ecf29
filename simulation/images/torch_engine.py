"""The engine of trainings on images: torch in float32, small networks side by side."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from simulation.images.errors import MissingData
from simulation.images.flips import flip_labels
from simulation.images.images import Images
from simulation.images.load import load_images
from simulation.images.run import ImageRun
from simulation.images.task import Recipe, Task, task_of
from simulation.models import Engine, Job, read_only
from theory.images.options import ImageOptions
from theory.images.setting import ImageSetting

__all__ = [
    "TorchEngine",
    "class_names",
    "images_of",
    "missing_images",
    "options_of",
    "recipe_of",
    "runs_of",
    "task_at",
]


#: Steps up to which an audit has too few checkpoints.
_SHORTEST_AUDIT = 10


def class_names(classes: str) -> list[str] | None:
    if classes == "all":
        return None
    return classes.split(",") if "," in classes else classes.split("v")


@lru_cache(maxsize=16)
def images_of(data: str, classes: str) -> Images:
    """The images of a setting's data and classes, read once a process.

    Raises:
        DataError: see `load_images`.
    """
    return load_images(data, classes=class_names(classes))


def missing_images(job: Job) -> str | None:
    """Why the images of a job cannot be read on this machine; None where they can."""
    try:
        images_of(job.setting.data, job.setting.classes)
    except MissingData as error:
        return str(error)
    return None


def task_at(setting: Any, seed: int) -> Task:
    """The parts of a setting, flipped and split by the seed; flips and split have streams of their own."""
    images = images_of(setting.data, setting.classes)
    if setting.flip_rate > 0:
        observed = flip_labels(images.x, images.y, images.k, setting.flip_rate, setting.flip_kind, seed)
        images = replace(images, y_observed=observed, digest="unused")
    return task_of(images, n=setting.n, validation=getattr(setting, "validation", 0.2), seed=seed)


def options_of(job: Job) -> ImageOptions:
    """A job's options; the defaults where there are none.

    Raises:
        ValueError: they are of another kind.
    """
    if job.options is None:
        return ImageOptions()
    if not isinstance(job.options, ImageOptions):
        raise ValueError(f"options must be ImageOptions, was a {type(job.options).__name__}")
    return job.options


@dataclass(frozen=True)
class TorchEngine(Engine):
    """Runs of `ImageSetting`: the same numbers alone as beside others, to the last bit."""

    most = 8
    pace = 4.0
    searchable = False

    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[ImageRun]:
        """Small networks side by side on the CPU; deep ones one after the other, on the device."""
        tasks = [task_at(job.setting, job.seed) for job in jobs]
        return runs_of(jobs, tasks, recipe_of(jobs[0]), device=device)

    def shape(self, job: Job) -> tuple[float, ...]:
        """Runs of one length and size; their order does not matter."""
        return float(job.steps), float(job.setting.n)

    def key(self, job: Job) -> Hashable:
        """All but the flips and, of equally many classes, which ones."""
        s: ImageSetting = job.setting
        names = class_names(s.classes)
        count = "all" if names is None else len(names)
        return s.data, count, s.n, s.net, s.lr, s.momentum, s.batch, s.validation, job.steps, job.options

    def work(self, job: Job) -> float:
        """Images passed through the network, forwards and backwards: some 6e4 a second through the small
        one."""
        s = job.setting
        passes = 3.0 * max(1, job.steps) * (s.batch or s.n) + 60.0 * 1.7 * s.n
        size = {"mlp": 0.3, "mlp_dropout": 0.5, "cnn": 1.0, "paper": 0.4}.get(s.net, 600.0)
        return float(1.5e3 * passes * size * max(1, options_of(job).audit))

    def missing(self, job: Job) -> str | None:
        """The data set that is not on this machine."""
        return missing_images(job)

    def warm_up(self) -> None:
        """Load torch."""
        import torch  # noqa: F401


def runs_of(jobs: Sequence[Job], tasks: Sequence[Task], recipe: Recipe, *, device: str) -> list[ImageRun]:
    """The runs of jobs with equal keys on tasks of theirs, by a recipe of theirs."""
    from simulation.images.train import train_tasks

    options = options_of(jobs[0])
    seeds = [job.seed for job in jobs]
    # Fewer checkpoints than an audit can be made of: the run is then a plain one.
    if options.audit and recipe.steps > _SHORTEST_AUDIT:
        from simulation.images.audited import audit_tasks

        pairs = audit_tasks(tasks, recipe, seeds, options.audit, second_round=options.audit_classes)
        runs = [replace(run, audit=outcome) for run, outcome in pairs]
    else:
        maps: dict[int, Any] = {}
        hooks = {"keep": _keeper(tasks, maps, options.maps_at, recipe.steps)} if options.maps_at else {}
        runs = train_tasks(tasks, recipe, seeds, device=device, **hooks)
        if maps:
            runs = [replace(run, maps=_map_cosines(maps[r])) for r, run in enumerate(runs)]
    if options.nearest:
        from simulation.images.nearest import nearest_error

        runs = [replace(run, nearest_error=nearest_error(t)) for run, t in zip(runs, tasks, strict=True)]
    made = [replace(run, setting=job.setting, seed=job.seed) for run, job in zip(runs, jobs, strict=True)]
    for run in made:
        read_only(vars(run))
    return made


def recipe_of(job: Job) -> Recipe:
    """How a job's network is trained."""
    setting: ImageSetting = job.setting
    optimizer, momentum = ("adam", 0.0) if setting.momentum < 0 else ("sgd", setting.momentum)
    return Recipe(
        setting.net, optimizer, setting.lr, momentum, setting.batch, max(1, job.steps), options_of(job).ratio
    )


def _keeper(
    tasks: Sequence[Task], maps: dict[int, Any], early: int, last: int
) -> Callable[[int, Callable[[int], Any]], None]:
    """Keeps each network's maps at the first evaluation from step `early` on, and at the last."""

    def keep(step: int, net_of: Callable[[int], Any]) -> None:
        from simulation.images.attribution import expected_gradients

        if step < early:
            return
        for r, task in enumerate(tasks):
            if r not in maps or step == last:
                # The gap between classes 1 and 0 for every image: its sign does not depend on any label.
                target = np.ones(len(task.x), dtype=np.int64)
                made, _ = expected_gradients(net_of(r), task.x, target, task.x[:100], seed=r)
                maps.setdefault(r, []).append(made)

    return keep


def _map_cosines(kept: list[Any]) -> Any:
    from simulation.images.attribution import cosines

    return cosines(np.asarray(kept[0]), np.asarray(kept[-1]))
