"""The recursions: derived from the network in symbols, and evaluated against a gradient in numbers."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp
from numpy.typing import NDArray

from theory.claim import Proof
from theory.two_stage import closure, network, recursions
from theory.two_stage.network import SymbolicNetwork, active, ell_prime, gradient_update, relu
from theory.two_stage.recursions import gamma_increment, gamma_term, rho_increment, rho_term

Floats = NDArray[np.float64]
DOCS = Path(__file__).parents[2] / "docs" / "derivations"

PROOFS: list[Callable[[], Proof]] = [
    recursions.prove_gamma_recursion,
    recursions.prove_rho_recursion,
    recursions.prove_closure,
    recursions.prove_decomposition_unique,
    recursions.prove_conservation,
]


@pytest.mark.parametrize("prove", PROOFS, ids=lambda f: f.__name__)
def test_every_proof_holds_and_tells_its_steps(prove: Callable[[], Proof]) -> None:
    proof = prove()
    assert proof.holds
    assert len(proof.steps) >= 3
    assert "NOT" not in " ".join(proof.steps)
    assert all(step.count("$") % 2 == 0 and "$" in step for step in proof.steps[:-1])


@pytest.mark.parametrize("sizes", [(2, 1, 2), (3, 2, 4)])
def test_recursions_hold_at_other_sizes(sizes: tuple[int, int, int]) -> None:
    assert recursions.prove_gamma_recursion(*sizes).holds
    assert recursions.prove_rho_recursion(*sizes).holds


WRONG_GAMMA = {
    "sign": -gamma_term,
    "sign for noisy samples": gamma_term * recursions.y * recursions.y_observed,
    "|mu| for |mu|^2": gamma_term / recursions.mu_norm,
    "no 1/m": gamma_term * recursions.m,
    "no activation": gamma_term.subs(recursions.signal_active, 1),
    "a side's sign": gamma_term * recursions.j,
    "dropped": sp.Integer(0),
}
WRONG_RHO = {
    "sign": -rho_term,
    "sign for noisy samples": rho_term * recursions.y * recursions.y_observed,
    "|xi| for |xi|^2": rho_term / recursions.xi_norm,
    "no 1/n": rho_term * recursions.n,
    "no activation": rho_term.subs(recursions.noise_active, 1),
    "no side": rho_term.subs(recursions.j, 1),
    "dropped": sp.Integer(0),
}


WRONG = [("gamma", term) for term in WRONG_GAMMA.values()] + [("rho", term) for term in WRONG_RHO.values()]
EACH_WRONG = pytest.mark.parametrize(
    ("name", "term"), WRONG, ids=[*(f"gamma: {x}" for x in WRONG_GAMMA), *(f"rho: {x}" for x in WRONG_RHO)]
)


@EACH_WRONG
def test_the_proof_of_an_edited_term_alone_fails(
    name: str, term: sp.Expr, monkeypatch: pytest.MonkeyPatch
) -> None:
    proofs = {"gamma": recursions.prove_gamma_recursion, "rho": recursions.prove_rho_recursion}
    monkeypatch.setattr(recursions, f"{name}_term", term)
    proof = proofs.pop(name)()
    assert not proof.holds
    assert "does NOT vanish" in proof.steps[-1]
    (other,) = proofs.values()
    assert other().holds


@pytest.mark.parametrize(("name", "term"), [("gamma_term", -gamma_term), ("rho_term", -rho_term)])
def test_conservation_fails_for_an_edited_term(
    name: str, term: sp.Expr, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recursions, name, term)
    assert not recursions.prove_conservation().holds


def test_a_gradient_outside_the_span_of_the_patches_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = SymbolicNetwork.output

    def with_weight_decay(self: SymbolicNetwork, i: int) -> sp.Expr:
        return plain(self, i) + sum(x**2 for x in self.w[1, 0])

    monkeypatch.setattr(SymbolicNetwork, "output", with_weight_decay)
    assert not gradient_update(SymbolicNetwork(2, 1, 2), 1, 0).exact
    assert gradient_update(SymbolicNetwork(2, 1, 2), -1, 0).exact
    assert not recursions.prove_gamma_recursion(2, 1, 2).holds


def test_a_network_with_another_activation_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def leaky(self: SymbolicNetwork, i: int) -> sp.Expr:
        return sum(
            sp.Rational(j, self.m) * (relu(self.signal_product(j, r, i)) + relu(-self.noise_product(j, r, i)))
            for j, r in self.w
        )

    monkeypatch.setattr(SymbolicNetwork, "output", leaky)
    assert not recursions.prove_rho_recursion(2, 1, 2).holds


def test_closure_and_uniqueness_fail_for_an_edited_decomposition(monkeypatch: pytest.MonkeyPatch) -> None:
    def unscaled(W0: sp.Matrix, C: sp.Matrix, V: sp.Matrix) -> sp.Matrix:
        return W0 + C * V.T

    monkeypatch.setattr(closure, "decomposed_filters", unscaled)
    assert not recursions.prove_closure().holds
    assert not recursions.prove_decomposition_unique().holds


def test_opaque_functions() -> None:
    x = sp.Symbol("x", real=True)
    assert active(0) == 0
    assert active(sp.sqrt(2)) == 1
    assert active(sp.Float(-1e-300)) == 0
    assert relu(sp.Rational(-1, 3)) == 0
    assert relu(sp.Rational(1, 3)) == sp.Rational(1, 3)
    assert network.ell(relu(3 * x)).diff(x) == 3 * active(3 * x) * ell_prime(relu(3 * x))
    assert "mathbb{1}" in sp.latex(active(x) ** 2)


# Against a gradient in numbers ------------------------------------------------------------------------


class Tiny:
    """A numpy network written from its definition, with gradient by complex differentiation."""

    def __init__(self, seed: int, n: int = 5, m: int = 3, d: int = 8) -> None:
        rng = np.random.default_rng(seed)
        self.n, self.m, self.d, self.eta = n, m, d, 0.37
        self.mu = rng.normal(size=d) * 1.7
        self.xi = rng.normal(size=(n, d)) * 0.9
        self.y = np.array([1.0, -1.0, 1.0, -1.0, 1.0])[:n]
        self.y_observed = self.y * np.array([1.0, 1.0, -1.0, -1.0, 1.0])[:n]
        self.w = rng.normal(size=(2, m, d))

    def loss(self, w: NDArray[np.complex128]) -> complex:
        total: complex = 0
        for i in range(self.n):
            f: complex = 0
            for side, j in ((0, 1.0), (1, -1.0)):
                for r in range(self.m):
                    for patch in (self.y[i] * self.mu, self.xi[i]):
                        z = w[side, r] @ patch
                        f += j / self.m * (z if z.real > 0 else 0)
            total += np.log(1 + np.exp(-self.y_observed[i] * f))
        return total / self.n

    def gradient(self) -> Floats:
        out = np.empty_like(self.w)
        step = 1e-200
        for index in np.ndindex(*self.w.shape):
            w = self.w.astype(np.complex128)
            w[index] += 1j * step
            out[index] = self.loss(w).imag / step
        return out

    def coefficients(self) -> tuple[Floats, Floats]:
        """Increments of gamma (2, m) and rho (2, m, n), by least squares on the patches."""
        V = np.column_stack([self.mu, self.xi.T])
        change = -self.eta * self.gradient().reshape(-1, self.d)
        scaled, residual, rank, _ = np.linalg.lstsq(V, change.T, rcond=None)
        assert rank == self.n + 1
        assert np.all(residual < 1e-26)
        C = (scaled.T * (V**2).sum(axis=0)).reshape(2, self.m, self.n + 1)
        return C[..., 0] * np.array([[1.0], [-1.0]]), C[..., 1:]

    def loss_derivative(self) -> Floats:
        signal = np.maximum(np.einsum("jrd,d,i->jri", self.w, self.mu, self.y), 0)
        noise = np.maximum(np.einsum("jrd,id->jri", self.w, self.xi), 0)
        f = (signal + noise).mean(axis=1)
        return np.asarray(-1 / (1 + np.exp(self.y_observed * (f[0] - f[1]))))

    def gamma(self, term: sp.Expr | None = None) -> Floats:
        return gamma_increment(
            self.loss_derivative(), self.w @ self.mu, self.y, self.y_observed,
            self.eta, self.m, float(self.mu @ self.mu), term=term,
        )  # fmt: skip

    def rho(self, term: sp.Expr | None = None) -> Floats:
        return rho_increment(
            self.loss_derivative(), self.w @ self.xi.T, self.y_observed,
            self.eta, self.m, (self.xi**2).sum(axis=1), term=term, y=self.y,
        )  # fmt: skip


def relative_error(found: Floats, expected: Floats) -> float:
    return float(np.max(np.abs(found - expected)) / np.max(np.abs(expected)))


@pytest.mark.parametrize("seed", range(4))
def test_stated_terms_are_the_gradient(seed: int) -> None:
    tiny = Tiny(seed)
    gamma, rho = tiny.coefficients()
    assert tiny.gamma().shape == (2, tiny.m)
    assert tiny.rho().shape == (2, tiny.m, tiny.n)
    # The least squares is conditioned by about 10; 1e-12 is 4500 rounding errors.
    assert relative_error(tiny.gamma(), gamma) < 1e-12
    assert relative_error(tiny.rho(), rho) < 1e-12


@EACH_WRONG
def test_wrong_terms_are_not_the_gradient(name: str, term: sp.Expr) -> None:
    tiny = Tiny(0)
    found, expected = (tiny.gamma, 0) if name == "gamma" else (tiny.rho, 1)
    assert relative_error(found(term), tiny.coefficients()[expected]) > 0.1


def test_numbers_follow_the_stated_term(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = Tiny(1)
    gamma, rho = tiny.gamma(), tiny.rho()
    monkeypatch.setattr(recursions, "gamma_term", -gamma_term)
    monkeypatch.setattr(recursions, "rho_term", 2 * rho_term)
    assert np.array_equal(tiny.gamma(), -gamma)
    assert np.array_equal(tiny.rho(), 2 * rho)


def test_hand_computed_increments() -> None:
    # Two samples of label +1, the second flipped; l' = -1/2, eta |mu|^2/(n m) = .1 * 9/(2 * 1) = .45.
    half = np.array([-0.5, -0.5])
    signal = np.array([[2.0], [-2.0]])
    y, y_observed = np.array([1.0, 1.0]), np.array([1.0, -1.0])
    assert np.array_equal(gamma_increment(half, signal, y, y_observed, 0.1, 1, 9.0), np.array([[0.0], [0.0]]))
    clean = gamma_increment(half, signal, y, y, 0.1, 1, 9.0)
    assert clean == pytest.approx(np.array([[0.45], [0.0]]), rel=1e-14)
    noise = np.array([[[1.0, 1.0]], [[1.0, 0.0]]])
    rho = rho_increment(half, noise, y_observed, 0.1, 1, np.array([4.0, 8.0]))
    # +1 side: up on sample 1, down on sample 2; -1 side: down on sample 1, inactive (0) on sample 2.
    assert rho == pytest.approx(np.array([[[0.1, -0.2]], [[-0.1, 0.0]]]), rel=1e-14)


def test_leading_axes_are_independent_steps() -> None:
    tinies = [Tiny(seed) for seed in (2, 3)]
    slopes = np.stack([x.loss_derivative() for x in tinies])
    tiny = tinies[0]
    together = gamma_increment(
        slopes, np.stack([x.w @ x.mu for x in tinies]), tiny.y, tiny.y_observed, tiny.eta, tiny.m, 1.0
    )
    for k, x in enumerate(tinies):
        alone = gamma_increment(slopes[k], x.w @ x.mu, x.y, x.y_observed, x.eta, x.m, 1.0)
        assert np.array_equal(together[k], alone)


def test_wrong_input_names_the_array_or_symbol() -> None:
    tiny = Tiny(0)
    with pytest.raises(ValueError, match="signal_products"):
        gamma_increment(tiny.loss_derivative(), np.zeros((2, 7)), tiny.y, tiny.y_observed, 0.1, tiny.m, 1.0)
    with pytest.raises(ValueError, match="loss_derivative"):
        rho_increment(np.zeros(3), np.zeros((2, 3, 5)), tiny.y_observed, 0.1, 3, np.ones(5))
    with pytest.raises(ValueError, match="term contains q"):
        tiny.gamma(gamma_term * sp.Symbol("q"))
    with pytest.raises(ValueError, match=r"term contains y_\{i\}"):
        rho_increment(
            tiny.loss_derivative(), tiny.w @ tiny.xi.T, tiny.y_observed, 0.1, 3, np.ones(5),
            term=rho_term * recursions.y,
        )  # fmt: skip


def test_the_page_shows_the_stated_terms() -> None:
    page = (DOCS / "recursions.md").read_text()
    assert sp.latex(gamma_term) in page
    assert sp.latex(rho_term) in page
    for prove in PROOFS:
        assert prove.__name__ in page


# Increments written out -------------------------------------------------------------------------------


def test_increments_written_out() -> None:
    """Two steps at once, three samples, two filters; every array without a symmetry."""
    rng = np.random.default_rng(0)
    slope = -rng.random((2, 3))
    signal, noise = rng.normal(size=(2, 2, 2)), rng.normal(size=(2, 2, 2, 3))
    signal[0, 0, 0] = noise[0, 0, 0, 0] = 0.0
    y, seen, norms = np.array([1.0, -1.0, -1.0]), np.array([1.0, 1.0, -1.0]), np.array([4.0, 9.0, 2.0])
    gamma = gamma_increment(slope, signal, y, seen, 0.3, 2, 7.0)
    rho = rho_increment(slope, noise, seen, 0.3, 2, norms)
    for t, j, r in itertools.product((0, 1), (0, 1), (0, 1)):
        total = 0.0
        for i in range(3):
            if signal[t, j, r] * y[i] > 0:
                total -= 0.3 * 7 / 6 * slope[t, i] * y[i] * seen[i]
            up = (1, -1)[j] * seen[i] * (noise[t, j, r, i] > 0)
            assert rho[t, j, r, i] == pytest.approx(-0.3 * norms[i] / 6 * slope[t, i] * up, rel=1e-14)
        assert gamma[t, j, r] == pytest.approx(total, rel=1e-13)


def test_increments_name_what_has_the_wrong_shape() -> None:
    one, two, three = np.ones(3), np.ones((2, 2)), np.ones((2, 2, 3))
    good_gamma: dict[str, Any] = {
        "loss_derivative": one, "signal_products": two, "y": one, "y_observed": one, "eta": 0.1, "m": 2,
        "mu_norm_sq": 1.0,
    }  # fmt: skip
    good_rho: dict[str, Any] = {
        "loss_derivative": one, "noise_products": three, "y_observed": one, "eta": 0.1, "m": 2,
        "xi_norm_sq": one, "y": one,
    }  # fmt: skip
    gamma_increment(**good_gamma)
    rho_increment(**good_rho)
    for name, shape in (
        ("loss_derivative", r"\(3,\)"),
        ("signal_products", r"\(2, 2\)"),
        ("y_observed", r"\(3,\)"),
    ):
        with pytest.raises(ValueError, match=rf"^{name} must have trailing shape {shape}, was \(7,\)$"):
            gamma_increment(**(good_gamma | {name: np.ones(7)}))
    for name, shape in (
        ("loss_derivative", r"\(3,\)"), ("noise_products", r"\(2, 2, 3\)"), ("xi_norm_sq", r"\(3,\)"),
        ("y", r"\(3,\)"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=rf"^{name} must have trailing shape {shape}, was \(7,\)$"):
            rho_increment(**(good_rho | {name: np.ones(7)}))
