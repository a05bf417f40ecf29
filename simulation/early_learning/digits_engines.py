"""Small networks on digits, one run at a time: one network with a loss, or ELR+."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulation.early_learning.digits import CLASSES, Digits, load_digits, noisy_labels
from simulation.early_learning.digits_net import Network, Targets, first_weights
from simulation.files import digits_missing
from simulation.models import UNITS_A_SECOND, Engine, Job, read_only
from theory.early_learning.digits_setting import DigitsSetting
from theory.rng import derive_seed, generator

__all__ = ["ENGINES", "DigitsEngine", "MeasuredDigits"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_WIDTHS = (64, 256, 256, CLASSES)
_RAMP = 800


@dataclass(eq=False)
class MeasuredDigits:
    """What a run of a network gave, by recorded epoch; `theory.early_learning.digits_setting.DigitsRun`."""

    setting: DigitsSetting
    seed: int
    dtype: str
    epochs: NDArray[np.int64]
    test: Floats
    memorised: Floats
    corrected: Floats
    clean: Floats
    target_accuracy: float
    peak_targets: Floats
    kept: NDArray[np.bool_]
    engine: str = "mlp"

    @property
    def steps(self) -> NDArray[np.int64]:
        """Recorded epochs: a step of the clock is an epoch."""
        return self.epochs

    @property
    def clock(self) -> Floats:
        """The same as floats."""
        return self.epochs.astype(np.float64)


def _recorded(epochs: int) -> list[int]:
    """Every epoch to 20, then every fifth, and the last."""
    return sorted({e for e in range(1, epochs + 1) if e <= 20 or e % 5 == 0} | {epochs})


@dataclass
class _Log:
    """Accuracies at recorded epochs, and the targets of wrong labels where most were corrected."""

    data: Digits
    rows: list[tuple[float, ...]] = field(default_factory=list)
    peak: float = -1.0
    peak_targets: NDArray[Any] = field(default_factory=lambda: np.empty(0))
    kept: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, dtype=bool))

    def add(self, epoch: int, train: NDArray[Any], test: NDArray[Any], targets: NDArray[Any]) -> None:
        """Takes predicted classes of training and test images, and the targets (n, classes)."""
        d, wrong = self.data, self.data.wrong
        self.kept = train[wrong] == d.true[wrong]
        corrected = float(self.kept.mean()) if wrong.any() else 0.0
        if corrected > self.peak:
            self.peak, self.peak_targets = corrected, targets[wrong, d.true[wrong]].copy()
        self.rows.append(
            (
                epoch,
                float(np.mean(test == d.test_true)),
                float(np.mean(train[wrong] == d.noisy[wrong])) if wrong.any() else 0.0,
                corrected,
                float(np.mean(train[~wrong] == d.noisy[~wrong])),
            )
        )

    def run(self, job: Job, targets: NDArray[Any]) -> MeasuredDigits:
        """The measured run."""
        columns = [np.ascontiguousarray(column) for column in np.array(self.rows, dtype=np.float64).T]
        epochs, test, memorised, corrected, clean = columns
        run = MeasuredDigits(
            setting=job.setting,
            seed=job.seed,
            dtype=job.dtype,
            epochs=epochs.astype(np.int64),
            test=test,
            memorised=memorised,
            corrected=corrected,
            clean=clean,
            target_accuracy=float(np.mean(targets.argmax(axis=1) == self.data.true)),
            peak_targets=self.peak_targets.astype(np.float64),
            kept=self.kept,
        )
        read_only([run.epochs, *columns, run.peak_targets, run.kept])
        return run


@dataclass(frozen=True)
class DigitsEngine(Engine):
    """The networks 64-256-256-10. They are trained in float32, whatever float type their log is kept in."""

    searchable = False

    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[MeasuredDigits]:
        """One by one: networks side by side would change each other's rounding."""
        return [_trained(job) for job in jobs]

    def key(self, job: Job) -> Hashable:
        """Runs of one setting are alike."""
        return job.setting, job.steps

    def work(self, job: Job) -> float:
        """Seconds of all epochs, of all networks."""
        setting: DigitsSetting = job.setting
        return UNITS_A_SECOND * job.steps * (0.045 * setting.networks if setting.is_plus else 0.01)

    def missing(self, job: Job) -> str | None:
        """The digits come with scikit-learn."""
        return digits_missing()


def _trained(job: Job) -> MeasuredDigits:
    s: DigitsSetting = job.setting
    data = load_digits(s, job.seed)
    way = (_plus if s.is_plus else _plain)(job, data)
    log, recorded = _Log(data), set(_recorded(job.steps))
    for epoch in range(1, job.steps + 1):
        for k in range(s.networks):
            order = generator(job.seed, f"digits.order{k or ''}", epoch).permutation(len(data.true))
            for start in range(0, len(order), s.batch):
                way.step(k, order[start : start + s.batch])
        if epoch in recorded:
            log.add(epoch, way.classes(data.train), way.classes(data.test), way.targets())
    return log.run(job, way.targets())


class _Way(NamedTuple):
    """How networks are trained: a step of network k on the images of given indices, the classes that images
    are given, (B,), and the targets (n, classes)."""

    step: Callable[[int, Ints], object]
    classes: Callable[[NDArray[Any]], Ints]
    targets: Callable[[], NDArray[Any]]


def _first(job: Job, k: int) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    return first_weights(job.seed, f"digits.weights{k or ''}", _WIDTHS)


def _plain(job: Job, data: Digits) -> _Way:
    """One network with cross entropy, ELR or KL."""
    net = Network(_first(job, 0))
    targets = Targets(job.setting, np.zeros((len(data.true), CLASSES), dtype=np.float32))

    def step(k: int, chosen: Ints) -> None:
        net.step(data.train[chosen], data.noisy[chosen], chosen, targets)

    return _Way(step, lambda x: net.logits(x).argmax(axis=1), lambda: targets.targets)


def _plus(job: Job, data: Digits) -> _Way:
    """ELR+ and its parts, as people would train it."""
    import torch

    from simulation.early_learning.elr_plus import ELRPlus

    s: DigitsSetting = job.setting
    nets = [_torch_network(_first(job, k)) for k in range(s.networks)]
    plus = ELRPlus(
        nets,
        [
            torch.optim.SGD(net.parameters(), lr=s.lr, momentum=s.momentum, weight_decay=s.decay)
            for net in nets
        ],
        len(data.true),
        CLASSES,
        lam=s.lam,
        beta=s.beta,
        mixup=s.mixup,
        average=s.average,
        ramp_average=_RAMP,
        seed=derive_seed(job.seed, "digits.mixup"),
    )
    labels = [data.noisy] * s.networks
    if s.shared == "independent":
        labels[1] = noisy_labels(data.true, s, job.seed, "digits.noise of the second network")
    x, y = torch.tensor(data.train), [torch.tensor(own) for own in labels]

    def step(k: int, chosen: Ints) -> None:
        at = torch.tensor(chosen)
        plus.step(k, x[at], y[k][at], at)

    return _Way(
        step,
        lambda images: plus.predict(torch.tensor(images)).argmax(dim=1).numpy(),
        lambda: plus.losses[0].targets.numpy(),
    )


def _torch_network(layers: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> Any:
    import torch
    from torch import nn

    modules: list[nn.Module] = []
    for k, (weights, bias) in enumerate(layers):
        linear = nn.Linear(*weights.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(weights.T))
            linear.bias.copy_(torch.tensor(bias))
        modules += [nn.ReLU(), linear] if k else [linear]
    return nn.Sequential(*modules)


ENGINES: Mapping[str, Engine] = {"mlp": DigitsEngine()}
