"""Small networks on digits, one run at a time: one network with a loss, or ELR+."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulation.early_learning.digits import CLASSES, Digits, digits_missing, load_digits, noisy_labels
from simulation.models import UNITS_A_SECOND, Engine, Job, read_only
from theory.early_learning.digits_setting import DigitsSetting
from theory.rng import derive_seed, generator

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["ENGINES", "DigitsEngine", "MeasuredDigits"]

Floats = NDArray[np.float64]
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
        """Steps of all networks."""
        setting: DigitsSetting = job.setting
        return 0.03 * UNITS_A_SECOND * job.steps * (1.5 * setting.networks if setting.is_plus else 1.0)

    def missing(self, job: Job) -> str | None:
        """The digits come with scikit-learn."""
        return digits_missing()


def _network(seed: int, purpose: str) -> Any:
    """Weights and biases uniform within 1/sqrt(inputs), drawn layer by layer."""
    import torch
    from torch import nn

    layers: list[nn.Module] = []
    for k, (a, b) in enumerate(pairwise(_WIDTHS)):
        draws, bound = generator(seed, purpose, k), 1 / np.sqrt(a)
        linear = nn.Linear(a, b)
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(draws.uniform(-bound, bound, (a, b)).T))
            linear.bias.copy_(torch.tensor(draws.uniform(-bound, bound, b)))
        layers += [nn.ReLU(), linear] if k else [linear]
    return nn.Sequential(*layers)


def _trained(job: Job) -> MeasuredDigits:
    import torch

    s: DigitsSetting = job.setting
    data = load_digits(s, job.seed)
    n = len(data.true)
    nets = [_network(job.seed, f"digits.weights{k or ''}") for k in range(s.networks)]
    optimisers = [
        torch.optim.SGD(net.parameters(), lr=s.lr, momentum=s.momentum, weight_decay=s.decay) for net in nets
    ]
    step, predict, loss = (_plus if s.is_plus else _plain)(job, nets, optimisers, n)
    labels = [torch.tensor(data.noisy)] * s.networks
    if s.shared == "independent":
        own = noisy_labels(data.true, s, job.seed, "digits.noise of the second network")
        labels[1] = torch.tensor(own)
    x, x_test = torch.tensor(data.train), torch.tensor(data.test)
    log, recorded = _Log(data), set(_recorded(job.steps))
    for epoch in range(1, job.steps + 1):
        for k in range(s.networks):
            order = torch.tensor(generator(job.seed, f"digits.order{k or ''}", epoch).permutation(n))
            for chosen in torch.split(order, s.batch):
                step(k, x[chosen], labels[k][chosen], chosen)
        if epoch in recorded:
            with torch.no_grad():
                train, test = (np.asarray(predict(part).argmax(dim=1).numpy()) for part in (x, x_test))
            log.add(epoch, train, test, loss.targets.numpy())
    return log.run(job, loss.targets.numpy())


Step = Callable[[int, Any, Any, Any], object]


def _plain(
    job: Job, nets: list[Any], optimisers: list[Any], n: int
) -> tuple[Step, Callable[[Any], Any], Any]:
    """One network with cross entropy, ELR or KL: its step, its logits, its targets' keeper."""
    from simulation.early_learning.elr_loss import ELRLoss

    s: DigitsSetting = job.setting
    (net,), (optimiser,) = nets, optimisers
    loss = ELRLoss(n, CLASSES, lam=s.lam, beta=s.beta, check=False)

    def step(k: int, inputs: Tensor, labels: Tensor, indices: Tensor) -> None:
        logits = net(inputs)
        value = kl_loss(loss, logits, labels, indices) if s.loss == "kl" else loss(logits, labels, indices)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()

    return step, net, loss


def _plus(job: Job, nets: list[Any], optimisers: list[Any], n: int) -> tuple[Step, Callable[[Any], Any], Any]:
    """ELR+ and its parts."""
    from simulation.early_learning.elr_plus import ELRPlus

    s: DigitsSetting = job.setting
    plus = ELRPlus(
        nets,
        optimisers,
        n,
        CLASSES,
        lam=s.lam,
        beta=s.beta,
        mixup=s.mixup,
        average=s.average,
        ramp_average=_RAMP,
        seed=derive_seed(job.seed, "digits.mixup"),
    )
    return plus.step, plus.predict, plus.losses[0]


def kl_loss(loss: Any, logits: Tensor, labels: Tensor, indices: Tensor) -> Tensor:
    """Cross entropy plus `lam` times `-<t, log p>`, targets following as in `ELRLoss`."""
    from torch.nn import functional

    log_p = functional.log_softmax(logits, dim=1)
    loss.follow(log_p.detach().exp(), indices)
    pull = -(loss.targets[indices] * log_p).sum(dim=1).mean()
    value: Tensor = functional.nll_loss(log_p, labels) + loss.lam * pull
    return value


ENGINES: Mapping[str, Engine] = {"mlp": DigitsEngine()}
