r"""The weights of a run at one step: coordinates in a basis of the patches, a root of `W W^T`, or all of W.

`W^(t)` in the basis Q of span(V) is `B0 + C D^-1 R^T`; the part off span(V) never moves. Weight decay
leaves a share of the initial weights, in both parts. The first vector of Q is the direction of mu.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulation.two_stage.geometry import Geometry

__all__ = ["Weights"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Weights:
    """W (2m, d) after the run whose geometry this is, at coefficients C (2m, n+1), with `initial_share` of
    the initial weights left."""

    geometry: Geometry
    coefficients: Floats
    initial_share: float = 1.0

    @property
    def _scaled(self) -> Floats:
        """`C D^-1` (2m, n+1)."""
        return np.asarray(self.coefficients / np.diag(self.geometry.gram))

    def root(self, *, off_signal: bool = False) -> Floats:
        """A square lower-triangular root (2m, 2m) of `W W^T`, or of `W P W^T`, P the projection off mu."""
        factor, share = self.geometry.factor, self.initial_share
        W_par = share * factor.B0 + self._scaled @ factor.R.T
        return self.root_of(np.concatenate([W_par, share * factor.L_perp], axis=1)[:, int(off_signal) :])

    @staticmethod
    def root_of(rows: Floats) -> Floats:
        """A root of `M M^T`, from a QR of `M^T`, never from a Cholesky factor of the product."""
        width = rows.shape[0]
        triangle: Floats = np.linalg.qr(rows.T, mode="r")  # type: ignore[assignment]  # numpy stub
        root = triangle.T
        if root.shape[1] < width:
            root = np.pad(root, ((0, 0), (0, width - root.shape[1])))
        return root

    def matrix(self, law: str) -> Floats:
        """W (2m, d).

        Raises:
            ValueError: when the run was drawn in law and never had a d-vector.
        """
        problem = self.geometry.problem
        if problem is None:
            raise ValueError(
                f"noise ({law}) is drawn in R^d, where engine 'law' has no weights: use 'reduced' or 'cnn'"
            )
        change = self._scaled
        W = self.initial_share * problem.w0.reshape(len(change), -1) + change[:, 1:] @ problem.xi
        W += np.outer(change[:, 0], problem.mu)
        return np.asarray(W)
