r"""How far two runs may differ that are equal in real numbers.

While no pre-activation changes its sign, `f` is linear in the weights, so the logistic loss is convex and a
step of gradient descent, `I - eta H` with `0 <= H <= lambda`, moves two weight vectors no further apart as
long as `eta <= 2 / lambda`. Errors made in the steps then add, and are not amplified. With

* `eps` of the dtype,
* `terms = d + n + 2m`, the summands behind a pre-activation, an output or a gradient,
* `size`, the largest of 1, |w| |patch|, |gamma| and |rho| along the run,
* `condition` of the unit patches, by which a change of weights is magnified in its coefficients,

two such runs differ by at most `eps x (steps + 1) x terms x size x condition` in margins and coefficients.
The curvature is at most `lambda = (|mu| + max |xi|)^2 / (2 m)`: the logistic loss bends by 1/4 at most, and
`|grad f|^2 <= 2 m ((|mu| + |xi|) / m)^2`.

Source: derived here.
"""

from __future__ import annotations

import numpy as np

from simulation.two_stage.conformance.reference import ReferenceRun, patches_of
from simulation.two_stage.problem import Problem

__all__ = ["RULE", "allowed_error", "curvature", "patch_condition"]

#: The rule as reports state it.
RULE = "eps x (steps + 1) x (d + n + 2m) x size x cond(patches)"


def curvature(problem: Problem, biases: bool = False) -> float:
    """Upper bound `(|mu| + max |xi|)^2 / (2 m)` of the loss's second derivative, at any weights. To biases a
    patch has one coordinate more, which is 1."""
    norms = np.sqrt(np.sum(patches_of(problem) ** 2, axis=1) + float(biases))
    return float((norms[0] + norms[1:].max()) ** 2 / (2 * problem.m))


def patch_condition(problem: Problem) -> float:
    """Condition number of the unit patches."""
    patches = patches_of(problem)
    return float(np.linalg.cond(patches / np.linalg.norm(patches, axis=1)[:, None]))


def allowed_error(problem: Problem, run: ReferenceRun, dtype: str = "float64") -> float:
    """Largest difference of two runs equal in real numbers, in margins, gamma or rho."""
    longest = float(np.linalg.norm(run.weights, axis=-1).max())
    widest = float(np.linalg.norm(patches_of(problem), axis=1).max())
    size = max(1.0, longest * widest, *(float(np.abs(x).max()) for x in (run.gamma, run.rho, run.biases)))
    terms = problem.d + problem.n + 2 * problem.m
    return float(np.finfo(dtype).eps) * len(run.margins) * terms * size * patch_condition(problem)
