"""Gradient descent on the mixture model: three engines that agree to rounding, and their trajectory."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr

from simulation.early_learning.force import Forces, Loss
from simulation.early_learning.gram import Gram, gram_of
from simulation.early_learning.problem import MixtureProblem
from simulation.early_learning.two_row import TwoRow
from theory.early_learning.setting import LossName

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ENGINE_NAMES", "EngineName", "MixtureResult", "descend", "record_steps", "train"]

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]
EngineName = Literal["primal", "dual", "two_row"]
ENGINE_NAMES: tuple[EngineName, ...] = get_args(EngineName)


@dataclass(frozen=True, eq=False)
class MixtureResult:
    """A run at its recorded steps. T records, n examples.

    Args:
        steps: recorded step numbers, the first is 0 and the last is the run's length, (T,).
        f: margins towards the TRUE sign, `e_i theta . x_i`, (T, n).
        coefficients: `c = eta sum_t F_t`, so that `theta = theta_0 + (1/n) sum_i c_i e_i x_i`, (T, n).
        a: `theta . v`, (T,).
        noise_norm: length of theta orthogonal to v, (T,).
        s: +1 for a right label, -1 for a wrong one, (n,).
        sigma: noise of a coordinate, where it is known.
        theta: final vector, (p,); None where the run formed no p-vector.
    """

    steps: Steps
    f: Floats
    coefficients: Floats
    a: Floats
    noise_norm: Floats
    s: Floats
    sigma: float | None
    theta: Floats | None

    def __repr__(self) -> str:
        wrong = int(np.count_nonzero(self.s < 0))
        return f"MixtureResult({self.steps[-1]} steps, {len(self.s)} examples, {wrong} with a wrong label)"

    def _repr_html_(self) -> str:
        from theory.show import html_table, number_text

        rows = {
            "steps": f"{self.steps[-1]}, {len(self.steps)} recorded",
            "examples": f"{len(self.s)}, {int(np.count_nonzero(self.s < 0))} of them with a wrong label",
            "memorised at the end": number_text(float(self.memorised[-1])),
            "wrongly labelled, classified truly": number_text(float(self.accuracy_wrong[-1])),
            "theta . v": f"{number_text(float(self.a[0]))} to {number_text(float(self.a[-1]))}",
        }
        return html_table("MixtureResult", rows)

    def plot(self) -> Figure:
        """Margins towards the true sign, and the shares of wrong labels that are memorised, over steps."""
        from theory.show import axes, curves

        left, right = axes(2)
        right_ones = ("right labels", self.f[:, ~self.wrong], "#0072B2")
        wrong_ones = ("wrong labels", self.f[:, self.wrong], "#D55E00")
        label = r"margin $e_i \theta \cdot x_i$"
        curves(left, self.steps, [right_ones, wrong_ones], x_label="step", y_label=label, title="margins")
        shares = [
            ("memorised", self.memorised, "#D55E00"),
            ("classified truly", self.accuracy_wrong, "#0072B2"),
        ]
        curves(
            right, self.steps, shares, x_label="step", y_label="share", title="examples with a wrong label"
        )
        return left.figure  # type: ignore[return-value]

    @property
    def wrong(self) -> NDArray[np.bool_]:
        """Examples with a wrong label, (n,)."""
        return self.s < 0

    @property
    def memorised(self) -> Floats:
        """Share of the wrongly labelled examples that are classified as their label, (T,); NaN without
        any."""
        return self._share(self.f < 0, self.wrong)

    @property
    def accuracy_wrong(self) -> Floats:
        """`A_W`: share of the wrongly labelled examples classified as their true class, (T,)."""
        return self._share(self.f > 0, self.wrong)

    @property
    def accuracy_clean(self) -> Floats:
        """`A_C`: share of the rightly labelled examples classified as their class, (T,)."""
        return self._share(self.f > 0, ~self.wrong)

    @property
    def test_accuracy(self) -> Floats:
        """`Phi(a / (sigma |theta|))`, exact for a new example, (T,); 1/2 where theta is 0.

        Raises:
            ValueError: when the problem names no sigma.
        """
        return np.asarray(ndtr(self._test_score()))

    @property
    def log_test_error(self) -> Floats:
        """Natural logarithm of one minus the test accuracy, without cancellation, (T,)."""
        return np.asarray(log_ndtr(-self._test_score()))

    @property
    def train_loss(self) -> Floats:
        """Mean cross entropy on the observed labels, without the regulariser, (T,)."""
        return np.asarray(np.mean(np.logaddexp(0.0, -self.s * self.f), axis=1))

    def _share(self, event: NDArray[np.bool_], among: NDArray[np.bool_]) -> Floats:
        if not among.any():
            return np.full(len(self.steps), np.nan)
        return np.asarray(event[:, among].mean(axis=1))

    def _test_score(self) -> Floats:
        if self.sigma is None:
            raise ValueError("sigma must be given to MixtureProblem for the exact test accuracy, was None")
        length = np.hypot(self.a, self.noise_norm)
        return np.divide(self.a, self.sigma * length, out=np.zeros_like(self.a), where=length > 0)


def record_steps(steps: int, every: int | Sequence[int]) -> Steps:
    """Recorded steps: every so many, or those named; 0 and the last always.

    >>> record_steps(10, 4).tolist(), record_steps(10, [3, 12]).tolist()
    ([0, 4, 8, 10], [0, 3, 10])
    """
    if isinstance(every, int | np.integer):
        if every < 1:
            raise ValueError(f"record must be at least 1, was {every!r}")
        named = np.arange(0, steps + 1, every)
    else:
        named = np.asarray(every, dtype=np.int64)
        named = named[(named >= 0) & (named <= steps)]
    return np.unique(np.concatenate([[0, steps], named])).astype(np.int64)


def descend(
    gram: Gram,
    eta: float,
    steps: int,
    loss: Loss,
    record: int | Sequence[int] = 1,
    stop: Callable[[Floats], bool] | None = None,
) -> MixtureResult:
    """The dual engine: `c <- c + eta F(f)`, `f = f_0 + K c`, exact for any dimension.

    Args:
        gram: the data in n dimensions.
        stop: asked with the margins at every record; True ends the run there.
    """
    marks = record_steps(steps, record)
    kernel, start = gram.kernel, gram.start
    forces = Forces(loss, gram.s)
    c, f = np.zeros(len(start)), start.copy()
    kept_f, kept_c, kept = [f], [c], [0]
    done = 0
    for mark in marks[1:].tolist():
        for _ in range(mark - done):
            c = c + eta * forces(f)
            f = start + kernel @ c
        done = mark
        kept.append(mark)
        kept_f.append(f)
        kept_c.append(c)
        if stop is not None and stop(f):
            break
    coefficients = np.array(kept_c)
    return MixtureResult(
        steps=np.array(kept, dtype=np.int64),
        f=np.array(kept_f),
        coefficients=coefficients,
        a=gram.signal(coefficients),
        noise_norm=np.sqrt(gram.noise_norm2(coefficients)),
        s=gram.s,
        sigma=gram.sigma,
        theta=None,
    )


def _descend_vectors(
    problem: MixtureProblem,
    eta: float,
    steps: int,
    loss: Loss,
    record: int | Sequence[int],
    theta_0: Floats,
    two_rows: bool,
) -> MixtureResult:
    marks = set(record_steps(steps, record).tolist())
    rows = TwoRow(problem, loss, theta_0, eta) if two_rows else None
    forces = Forces(loss, problem.s)
    signed = problem.x * problem.e[:, None]
    theta, c, n = theta_0.copy(), np.zeros(len(signed)), len(signed)
    kept_f, kept_c, a, across = [], [], [], []
    for step in range(steps + 1):
        f = signed @ theta
        if step in marks:
            along = float(theta @ problem.v)
            kept_f.append(f)
            kept_c.append(c)
            a.append(along)
            across.append(float(np.linalg.norm(theta - along * problem.v)))
        if step == steps:
            break
        if rows is not None:
            force = rows.step()
            theta = rows.difference
        else:
            force = forces(f)
            theta = theta + (eta / n) * (force @ signed)
        c = c + eta * force
    return MixtureResult(
        np.array(sorted(marks), dtype=np.int64),
        np.array(kept_f),
        np.array(kept_c),
        np.array(a),
        np.array(across),
        problem.s,
        problem.sigma,
        theta,
    )


def train(
    problem: MixtureProblem,
    *,
    eta: float,
    steps: int,
    loss: LossName = "ce",
    lam: float | None = None,
    beta: float | None = None,
    clamp: float | None = None,
    target: float | None = None,
    engine: EngineName = "dual",
    theta_0: Floats | None = None,
    record_every: int | Sequence[int] = 1,
) -> MixtureResult:
    """Full-batch gradient descent on the mean loss.

    Args:
        problem: data.
        eta: step, > 0.
        steps: number of steps, >= 0.
        loss: "ce", "elr", "kl", or "frozen" (ELR whose target is `target` on the true class for ever).
        lam, beta, clamp: as in `Loss`; refused with "ce". By default lam = 3, beta = .7, no clamp.
        engine: "primal" moves theta; "dual" moves n coefficients (exact for any p); "two_row" moves the two
            weight vectors of a softmax with step eta/2, whose difference is theta.
        theta_0: start, (p,); zero by default.
        record_every: step between records, or the steps to record.

    Raises:
        ValueError: naming the argument.

    >>> from simulation.early_learning.problem import sample_problem
    >>> from theory.early_learning.setting import MixtureSetting
    >>> data = sample_problem(MixtureSetting(n=40, p=8, sigma=.3, flip_rate=.2, eta=.5), seed=1)
    >>> ends = [train(data, eta=.5, steps=30, engine=e).a[-1] for e in ("primal", "dual", "two_row")]
    >>> bool(max(ends) - min(ends) < 1e-12)
    True

    Source: Liu et al. 2020, sections 3 and 4.
    """
    if not (math.isfinite(eta) and eta > 0.0):
        raise ValueError(f"eta must be finite and > 0, was {eta!r}")
    if steps < 0 or steps != int(steps):
        raise ValueError(f"steps must be a whole number >= 0, was {steps!r}")
    if engine not in ENGINE_NAMES:
        raise ValueError(f"engine must be one of {', '.join(ENGINE_NAMES)}, was {engine!r}")
    chosen = _loss(loss, lam, beta, clamp, target)
    start = np.zeros(problem.x.shape[1]) if theta_0 is None else np.asarray(theta_0, dtype=np.float64)
    if start.shape != problem.v.shape or not np.all(np.isfinite(start)):
        raise ValueError(f"theta_0 must be finite with shape {problem.v.shape}, had shape {start.shape}")
    if engine != "dual":
        return _descend_vectors(
            problem, eta, int(steps), chosen, record_every, start, two_rows=engine == "two_row"
        )
    result = descend(gram_of(problem, start), eta, int(steps), chosen, record_every)
    weights = result.coefficients[-1] * problem.e
    theta = start + (weights @ problem.x) / len(problem.e)
    return MixtureResult(**{**vars(result), "theta": theta})


def _loss(
    name: LossName, lam: float | None, beta: float | None, clamp: float | None, target: float | None
) -> Loss:
    if name == "ce":
        for label, value in (("lam", lam), ("beta", beta), ("clamp", clamp), ("target", target)):
            if value is not None:
                raise ValueError(f'{label} must not be given with loss "ce", was {value!r}')
        return Loss()
    if name == "frozen":
        if beta is not None or clamp is not None:
            raise ValueError('beta and clamp must not be given with loss "frozen": its target does not move')
        return Loss(name, 3.0 if lam is None else lam, target=target)
    if target is not None:
        raise ValueError(f'target must not be given with loss "{name}", was {target!r}')
    return Loss(name, 3.0 if lam is None else lam, 0.7 if beta is None else beta, clamp)
