"""Small networks on digits: several seeds side by side, or ELR+ one at a time."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulation.early_learning.digits import CLASSES, Digits, digits_missing, load_digits, noisy_labels
from simulation.models import Engine, Job, read_only
from theory.early_learning.digits_setting import DigitsSetting
from theory.rng import derive_seed, generator

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["ENGINES", "DigitsEngine", "MeasuredDigits"]

Floats = NDArray[np.float64]
_WIDTHS = (64, 256, 256, CLASSES)


@dataclass(eq=False)
class MeasuredDigits:
    """What a run of a network gave, by recorded epoch; `theory.early_learning.digits_setting.DigitsRun`."""

    setting: DigitsSetting
    seed: int
    epochs: NDArray[np.int64]
    test: Floats
    memorised: Floats
    corrected: Floats
    clean: Floats
    target_accuracy: float
    engine: str = "mlp"
    dtype: str = "float64"

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


class _Log:
    """Accuracies at recorded epochs."""

    def __init__(self, data: Digits) -> None:
        self.data = data
        self.rows: list[tuple[int, float, float, float, float]] = []

    def add(self, epoch: int, train: NDArray[Any], test: NDArray[Any]) -> None:
        """Takes predicted classes of training and test images."""
        d, wrong = self.data, self.data.wrong
        some = bool(wrong.any())
        self.rows.append(
            (
                epoch,
                float(np.mean(test == d.test_true)),
                float(np.mean(train[wrong] == d.noisy[wrong])) if some else 0.0,
                float(np.mean(train[wrong] == d.true[wrong])) if some else 0.0,
                float(np.mean(train[~wrong] == d.noisy[~wrong])),
            )
        )

    def run(self, job: Job, targets: NDArray[Any], engine: str) -> MeasuredDigits:
        """The measured run."""
        columns = [np.ascontiguousarray(column) for column in np.array(self.rows, dtype=np.float64).T]
        right = float(np.mean(targets.argmax(axis=1) == self.data.true))
        epochs = columns[0].astype(np.int64)
        read_only([epochs, *columns])
        return MeasuredDigits(
            setting=job.setting,
            seed=job.seed,
            epochs=epochs,
            test=columns[1],
            memorised=columns[2],
            corrected=columns[3],
            clean=columns[4],
            target_accuracy=right,
            engine=engine,
            dtype=job.dtype,
        )


@dataclass(frozen=True)
class DigitsEngine(Engine):
    """The networks 64-256-256-10, as a stack of matrices; ELR+ runs are made one by one.

    Batches have one run: neighbours in a stack change rounding, and what follows from it grows with the
    epochs.
    """

    dtypes = ("float32", "float64")
    searchable = False

    def make(self, jobs: Sequence[Job], *, device: str) -> Sequence[MeasuredDigits]:
        """All jobs of a batch share their setting."""
        if jobs[0].setting.is_plus:
            return [_plus(job) for job in jobs]
        return _stacked(jobs)

    def key(self, job: Job) -> Hashable:
        """A stack has one loss and one schedule."""
        setting: DigitsSetting = job.setting
        return setting, job.steps, job.dtype

    def work(self, job: Job) -> float:
        """Seconds, about."""
        setting: DigitsSetting = job.setting
        return 0.02 * job.steps * (4.0 if setting.is_plus else 1.0)

    def missing(self, job: Job) -> str | None:
        """The digits come with scikit-learn."""
        return digits_missing()


def _weights(seed: int, purpose: str) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Uniform within 1/sqrt(inputs), weights and biases, layer by layer."""
    layers = []
    for k, (a, b) in enumerate(pairwise(_WIDTHS)):
        draws = generator(seed, purpose, k)
        bound = 1 / np.sqrt(a)
        layers.append((draws.uniform(-bound, bound, (a, b)), draws.uniform(-bound, bound, (1, b))))
    return layers


def _stacked(jobs: Sequence[Job]) -> list[MeasuredDigits]:
    import torch

    from simulation.early_learning.elr_loss import ELRLoss

    setting: DigitsSetting = jobs[0].setting
    kind = getattr(torch, jobs[0].dtype)
    data = [load_digits(job.setting, job.seed) for job in jobs]
    size, n = len(jobs), len(data[0].true)
    drawn = [_weights(job.seed, "digits.weights") for job in jobs]
    parameters = [
        torch.tensor(np.stack([layers[k][part] for layers in drawn]), dtype=kind, requires_grad=True)
        for k in range(len(_WIDTHS) - 1)
        for part in (0, 1)
    ]

    def network(x: Tensor) -> Tensor:
        for k in range(0, len(parameters), 2):
            x = torch.baddbmm(parameters[k + 1], x, parameters[k])
            if k + 2 < len(parameters):
                x = torch.relu(x)
        return x

    optimiser = torch.optim.SGD(
        parameters, lr=setting.lr, momentum=setting.momentum, weight_decay=setting.decay
    )
    loss = ELRLoss(size * n, CLASSES, lam=setting.lam, beta=setting.beta, check=False).to(kind)
    x = torch.tensor(np.stack([d.train for d in data]), dtype=kind)
    x_test = torch.tensor(np.stack([d.test for d in data]), dtype=kind)
    labels = torch.tensor(np.stack([d.noisy for d in data]))
    logs, recorded = [_Log(d) for d in data], set(_recorded(jobs[0].steps))
    rows = torch.arange(size)[:, None]
    for epoch in range(1, jobs[0].steps + 1):
        order = torch.tensor(
            np.stack([generator(job.seed, "digits.order", epoch).permutation(n) for job in jobs])
        )
        for chosen in torch.split(order, setting.batch, dim=1):
            logits = network(x[rows, chosen]).reshape(-1, CLASSES)
            y, indices = labels[rows, chosen].reshape(-1), (rows * n + chosen).reshape(-1)
            value = kl_loss(loss, logits, y, indices) if setting.loss == "kl" else loss(logits, y, indices)
            optimiser.zero_grad()
            # A mean over the stack is 1/size of the sum of the networks' own losses.
            (size * value).backward()
            optimiser.step()
        if epoch in recorded:
            with torch.no_grad():
                train = network(x).argmax(dim=2).numpy()
                test = network(x_test).argmax(dim=2).numpy()
            for k, log in enumerate(logs):
                log.add(epoch, train[k], test[k])
    targets = loss.targets.reshape(size, n, CLASSES).numpy()
    return [log.run(job, targets[k], "mlp") for k, (log, job) in enumerate(zip(logs, jobs, strict=True))]


def kl_loss(loss: Any, logits: Tensor, labels: Tensor, indices: Tensor) -> Tensor:
    """Cross entropy plus `lam` times `-<t, log p>`, targets following as in `ELRLoss`."""
    from torch.nn import functional

    log_p = functional.log_softmax(logits, dim=1)
    loss.follow(log_p.detach().exp(), indices)
    pull = -(loss.targets[indices] * log_p).sum(dim=1).mean()
    value: Tensor = functional.nll_loss(log_p, labels) + loss.lam * pull
    return value


def _module(seed: int, purpose: str) -> Any:
    import torch
    from torch import nn

    layers: list[nn.Module] = []
    for k, (w, b) in enumerate(_weights(seed, purpose)):
        linear = nn.Linear(w.shape[0], w.shape[1], dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(w.T))
            linear.bias.copy_(torch.tensor(b[0]))
        layers += [linear] if k == len(_WIDTHS) - 2 else [linear, nn.ReLU()]
    return nn.Sequential(*layers)


def _plus(job: Job) -> MeasuredDigits:
    import torch

    from simulation.early_learning.elr_plus import ELRPlus

    s: DigitsSetting = job.setting
    data = load_digits(s, job.seed)
    n = len(data.true)
    kind = getattr(torch, job.dtype)
    nets = [_module(job.seed, f"digits.weights{k or ''}").to(kind) for k in range(s.networks)]
    optimisers = [
        torch.optim.SGD(net.parameters(), lr=s.lr, momentum=s.momentum, weight_decay=s.decay) for net in nets
    ]
    plus = ELRPlus(
        nets,
        optimisers,
        n,
        CLASSES,
        lam=s.lam,
        beta=s.beta,
        mixup=s.mixup,
        average=s.average,
        ramp_average=800,
        seed=derive_seed(job.seed, "digits.mixup"),
    )
    x, x_test = torch.tensor(data.train, dtype=kind), torch.tensor(data.test, dtype=kind)
    own = [data.noisy] * s.networks
    if s.shared == "independent":
        own[1] = noisy_labels(data.true, s, job.seed, "digits.noise of the second network")
    labels = [torch.tensor(y) for y in own]
    log, recorded = _Log(data), set(_recorded(job.steps))
    for epoch in range(1, job.steps + 1):
        for k in range(s.networks):
            order = torch.tensor(generator(job.seed, f"digits.order{k or ''}", epoch).permutation(n))
            for chosen in torch.split(order, s.batch):
                plus.step(k, x[chosen], labels[k][chosen], chosen)
        if epoch in recorded:
            log.add(epoch, _classes(plus.predict, x), _classes(plus.predict, x_test))
    return log.run(job, plus.losses[0].targets.numpy(), "mlp")


def _classes(predict: Callable[[Any], Any], x: Any) -> NDArray[Any]:
    return np.asarray(predict(x).argmax(dim=1).numpy())


ENGINES: Mapping[str, Engine] = {"mlp": DigitsEngine()}
