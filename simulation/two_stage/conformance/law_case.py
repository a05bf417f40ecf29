r"""Problems on which law engines are tried: each is a draw of the engine's own, realised as arrays.

An engine in law draws by its own seeds, so nothing can be said of its draw before it is made. Its result
tells the draw (`LawResult.geometry`); `V = R` with `K = R^T R` puts the patches on n + 1 axes, and
`B = A^(0) R^-1` the weights: gradient descent by autograd on these arrays is the engine's run, in real
numbers exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simulation.two_stage.conformance.cases import Case, first_clear
from simulation.two_stage.conformance.engine import EngineResult
from simulation.two_stage.problem import Problem
from theory.rng import derive_seed
from theory.two_stage.setting import Setting

__all__ = [
    "SHAPES",
    "DrawnGeometry",
    "LawCase",
    "LawEngine",
    "LawResult",
    "drawn_case",
    "geometry_told",
    "realised",
]

Floats = NDArray[np.float64]

#: n, d, m, a = n SNR^2, initial pre-activation iota, flip rates of the two classes.
_SHAPES = (
    (2, 6, 1, 2.0, 0.6, 0.2, 0.4),
    (4, 10**6, 2, 3.0, 0.3, 0.35, 0.15),
    (5, 12, 2, 4.0, 0.5, 0.0, 0.3),
)
SHAPES = len(_SHAPES)
#: Step size in units of 1 / curvature, at a patch three deviations longer than expected.
_STEP = 0.4


class DrawnGeometry(Protocol):
    """The draw of a run: `gram` K = V^T V (n+1, n+1), V = [mu, xi_1..xi_n]; `products` A^(0) = W^(0) V
    (2m, n+1), rows j = +1 first; labels (n,). A `simulation.Geometry` is one."""

    @property
    def gram(self) -> Floats: ...
    @property
    def products(self) -> Floats: ...
    @property
    def y(self) -> Floats: ...
    @property
    def y_observed(self) -> Floats: ...


class LawResult(EngineResult, Protocol):
    """An `EngineResult` that tells what was drawn."""

    @property
    def geometry(self) -> DrawnGeometry: ...


class LawEngine(Protocol):
    """Runs exact in law, side by side; `simulation.train_many` is one.

    A run is a function of its setting and seed: the draw depends on neither the number of steps, the step
    size `setting.eta`, the dtype nor the batch. What is drawn for a seed is the engine's own business.
    """

    def __call__(
        self,
        settings: Sequence[Setting],
        seeds: Sequence[int],
        *,
        steps: Sequence[int],
        dtype: str = "float64",
        device: str = "cpu",
    ) -> Sequence[LawResult]: ...


@dataclass(frozen=True, eq=False)
class LawCase(Case):
    """A setting and the seed of its draw, with the realised problem."""

    setting: Setting
    draw: int


def geometry_told(result: object, setting: Setting) -> tuple[Floats, Floats, Floats, Floats]:
    """K, A^(0), y and y~ of a result, checked.

    Raises:
        ValueError: naming what is missing, or which shape it should have.
    """
    geometry = getattr(result, "geometry", None)
    if geometry is None:
        raise ValueError("geometry (gram, products, y, y_observed) must tell the draw, was missing")
    n, m = setting.n, setting.m
    shapes = {"gram": (n + 1, n + 1), "products": (2 * m, n + 1), "y": (n,), "y_observed": (n,)}
    found = []
    for name, shape in shapes.items():
        array = np.asarray(getattr(geometry, name, np.nan), dtype=np.float64)
        if array.shape != shape:
            raise ValueError(f"geometry.{name} must have shape {shape}, was {array.shape}")
        found.append(array)
    return found[0], found[1], found[2], found[3]


def realised(result: object, setting: Setting) -> Problem:
    """The problem in n + 1 dimensions with the Gram matrix, initial products and labels of a result.

    Raises:
        ValueError: when K is no positive definite matrix.
    """
    gram, products, y, y_observed = geometry_told(result, setting)
    try:
        factor = np.asarray(np.linalg.cholesky(gram), dtype=np.float64)
    except np.linalg.LinAlgError as error:
        raise ValueError("geometry.gram must be positive definite") from error
    weights = np.asarray(np.linalg.solve(factor, products.T).T, dtype=np.float64)
    return Problem(factor[0], factor[1:], y, y_observed, weights.reshape(2, setting.m, setting.n + 1))


def drawn_case(
    engine: LawEngine, number: int, seed: int, steps: int, unit: float = 1.0, single: bool = True
) -> LawCase:
    """The number-th case of a seed, from an engine's own draws: the first that is clear of kinks.

    Args:
        unit: of length in which sigma_xi and |mu| are given.
        single: clear for float32 too (`Case.is_clear_in`).
    """
    n, d, m, a, iota, tau_plus, tau_minus = _SHAPES[number % SHAPES]
    base = Setting.from_n_snr2(
        n=n, d=d, m=m, n_snr2=a, tau_plus=tau_plus, tau_minus=tau_minus, sigma_0=iota / (unit * d**0.5),
        clock_step=1.0, sigma_xi=unit,
    )  # fmt: skip
    longest = base.signal_norm + unit * (d + 3 * (2 * d) ** 0.5) ** 0.5
    setting = base.with_(eta=_STEP * 2 * m / longest**2)

    def draw(attempt: int) -> LawCase:
        drawn = derive_seed(seed, "law conformance", 1000 * number + attempt)
        (result,) = engine([setting], [drawn], steps=[1])
        problem = realised(result, setting)
        name = f"law case {number}" + ("" if unit == 1.0 else f" in units of {unit:g}")
        return LawCase(name, problem, setting.eta, steps, seed, setting, drawn)

    found = first_clear(draw, single=single)
    assert isinstance(found, LawCase)
    return found
