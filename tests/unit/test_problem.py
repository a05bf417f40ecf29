"""Problems: wrong arrays are refused by name; sampled ones follow the data model."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from simulation.two_stage.geometry import geometry_of
from simulation.two_stage.problem import Problem, sample_labels, sample_problem
from simulation.two_stage.training import train
from simulation.two_stage.units import require_finite
from theory.two_stage.setting import Setting

N, D, M = 4, 9, 3


def arrays() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {
        "mu": rng.standard_normal(D),
        "xi": rng.standard_normal((N, D)),
        "y": np.array([1.0, -1.0, 1.0, -1.0]),
        "y_observed": np.array([1.0, 1.0, 1.0, -1.0]),
        "w0": rng.standard_normal((2, M, D)),
    }


def holed(array: NDArray[np.float64], value: float) -> NDArray[np.float64]:
    out = array.copy()
    out.flat[1] = value
    return out


def dependent() -> dict[str, Any]:
    a = arrays()
    xi = a["xi"]
    xi[2] = 0.5 * xi[0] - 2.0 * a["mu"]
    return {"xi": xi}


def twice() -> dict[str, Any]:
    xi = arrays()["xi"]
    xi[3] = xi[1]
    return {"xi": xi}


WRONG = {
    "mu a matrix": ({"mu": np.ones((D, 1))}, "mu", "(d,)"),
    "mu a number": ({"mu": 3.0}, "mu", "(d,)"),
    "mu of words": ({"mu": ["a"] * D}, "mu", "(d,)"),
    "mu complex": ({"mu": np.full(D, 1j)}, "mu", "(d,)"),
    "mu missing": ({"mu": None}, "mu", "(d,)"),
    "mu with NaN": ({"mu": holed(arrays()["mu"], np.nan)}, "mu", "NaN"),
    "mu with infinity": ({"mu": holed(arrays()["mu"], np.inf)}, "mu", "infinity"),
    "mu zero": ({"mu": np.zeros(D)}, "mu", "zero"),
    "mu of another dimension": ({"mu": np.ones(D + 1)}, "xi", str(D + 1)),
    "xi a vector": ({"xi": np.ones(D)}, "xi", "(n, d)"),
    "xi ragged": ({"xi": [[1.0, 2.0], [1.0]]}, "xi", "(n, d)"),
    "xi with NaN": ({"xi": holed(arrays()["xi"], np.nan)}, "xi", "NaN"),
    "xi with a zero patch": ({"xi": arrays()["xi"] * np.array([[1], [1], [0], [1]])}, "xi[2]", "zero"),
    "xi of one sample": (
        {"xi": np.ones((1, D)), "y": np.ones(1), "y_observed": np.ones(1)}, "xi", "at least 2",
    ),
    "xi of another dimension": ({"xi": np.ones((N, D - 1))}, "xi", str(D)),
    "xi dependent on mu and others": (dependent(), "xi", "linearly dependent"),
    "xi with a patch twice": (twice(), "xi", "linearly dependent"),
    "y too long": ({"y": np.ones(N + 1)}, "y", f"({N},)"),
    "y a matrix": ({"y": np.ones((N, 1))}, "y", "(n,)"),
    "y with a zero": ({"y": np.array([1.0, 0.0, 1.0, -1.0])}, "y", "-1 and +1"),
    "y in 0 and 1": ({"y": np.array([1, 0, 1, 0])}, "y", "holds 0"),
    "y with NaN": ({"y": np.array([1.0, np.nan, 1.0, -1.0])}, "y", "NaN"),
    "y_observed with a two": ({"y_observed": np.array([1.0, 2.0, 1.0, -1.0])}, "y_observed", "holds 2"),
    "y_observed too short": ({"y_observed": np.ones(N - 1)}, "y_observed", f"({N},)"),
    "w0 without sides": ({"w0": np.ones((M, D))}, "w0", "(2, m, d)"),
    "w0 with three sides": ({"w0": np.ones((3, M, D))}, "w0", "(2, m, 9)"),
    "w0 without filters": ({"w0": np.ones((2, 0, D))}, "w0", "(2, m, 9)"),
    "w0 of another dimension": ({"w0": np.ones((2, M, D + 1))}, "w0", "(2, m, 9)"),
    "w0 with NaN": ({"w0": holed(arrays()["w0"], np.nan)}, "w0", "NaN"),
    "more patches than dimensions": (
        {"mu": arrays()["mu"][:N], "xi": arrays()["xi"][:, :N], "w0": arrays()["w0"][..., :N]},
        "xi", "n + 1 <= d",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_array_is_refused_by_name(name: str) -> None:
    change, array, allowed = WRONG[name]
    with pytest.raises(ValueError) as refused:
        Problem(**{**arrays(), **change})
    message = str(refused.value)
    assert message.startswith(array + " "), message
    assert allowed in message, message
    assert "\n" not in message


def test_the_unchanged_arrays_are_taken() -> None:
    p = Problem(**arrays())
    assert (p.n, p.d, p.m) == (N, D, M)
    for name, value in arrays().items():
        np.testing.assert_array_equal(getattr(p, name), value)


def test_the_least_dimension_is_taken() -> None:
    a = arrays()
    cut = N + 1
    p = Problem(a["mu"][:cut], a["xi"][:, :cut], a["y"], a["y_observed"], a["w0"][..., :cut])
    assert p.d == p.n + 1


@pytest.mark.parametrize("kind", [list, np.float32, np.int64])
def test_lists_and_other_number_types_are_taken_as_float64(kind: Any) -> None:
    a = arrays()
    if kind is list:
        given = {name: value.tolist() for name, value in a.items()}
    else:
        given = {name: (np.round(3 * value)).astype(kind) for name, value in a.items()}
        given["y"], given["y_observed"] = a["y"].astype(kind), a["y_observed"].astype(kind)
    p = Problem(**given)
    for name in a:
        assert getattr(p, name).dtype == np.float64
        np.testing.assert_array_equal(getattr(p, name), np.asarray(given[name], dtype=np.float64))


@pytest.mark.parametrize(("mu_scale", "xi_scale"), [(1e-8, 1e8), (1e8, 1e-8), (1e-100, 1e100)])
def test_uneven_scales_are_no_dependence(mu_scale: float, xi_scale: float) -> None:
    a = arrays()
    Problem(a["mu"] * mu_scale, a["xi"] * xi_scale, a["y"], a["y_observed"], a["w0"])


def test_near_dependence_is_told_from_dependence() -> None:
    a = arrays()
    for gap, refused in ((1e-3, False), (1e-5, False), (1e-9, True)):
        xi = a["xi"].copy()
        xi[3] = xi[1] + gap * np.linspace(-1.0, 1.0, D)
        given = {**a, "xi": xi}
        if refused:
            with pytest.raises(ValueError, match="linearly dependent"):
                Problem(**given)
        else:
            Problem(**given)


@pytest.mark.parametrize("name", ["mu", "xi", "y", "y_observed", "w0"])
def test_a_problem_owns_its_arrays(name: str) -> None:
    """What happens to the caller's arrays afterwards, or is tried on the problem's, changes no run."""
    a = arrays()
    p = Problem(**a)
    before = train(p, eta=0.1, steps=20)
    a[name][...] = np.nan
    after = train(p, eta=0.1, steps=20)
    np.testing.assert_array_equal(before.margins, after.margins)
    assert np.isfinite(after.margins).all()
    held = getattr(p, name)
    with pytest.raises(ValueError, match="read-only"):
        held[0] = 0.0
    for copied in (pickle.loads(pickle.dumps(p)), copy.deepcopy(p), replace(p)):
        assert not getattr(copied, name).flags.writeable
        np.testing.assert_array_equal(getattr(copied, name), held)
    sampled = sample_problem(setting(), 0)
    with pytest.raises(ValueError, match="read-only"):
        getattr(sampled, name)[0] = 0.0


def test_a_view_of_what_was_given_does_not_reach_in() -> None:
    a = arrays()
    whole = np.concatenate([a["mu"][None], a["xi"]])
    whole.flags.writeable = False
    backdoor = whole.view()
    p = Problem(whole[0], whole[1:], a["y"], a["y_observed"], a["w0"])
    whole.flags.writeable = True
    whole[:] = 0.0
    assert not np.shares_memory(p.xi, backdoor)
    np.testing.assert_array_equal(p.xi, a["xi"])


class Raises:
    """An array of another library that cannot be read."""

    def __array__(self, *args: Any, **options: Any) -> NDArray[np.float64]:
        raise RuntimeError("it is on another\ndevice")


def unreadable() -> dict[str, Any]:
    torch = pytest.importorskip("torch")
    mask = np.zeros(D, dtype=bool)
    mask[0] = True
    return {
        "a tensor with a gradient": torch.ones((2, M, D), dtype=torch.float64, requires_grad=True),
        "an array elsewhere": Raises(),
        "a masked array": np.ma.array(np.ones((2, M, D)), mask=np.broadcast_to(mask, (2, M, D))),
        "a dictionary": {"w0": 1.0},
        "objects": np.full((2, M, D), object()),
    }


@pytest.mark.parametrize("name", ["mu", "xi", "y", "y_observed", "w0"])
@pytest.mark.parametrize("kind", list(unreadable()))
def test_an_array_that_cannot_be_read_is_named(kind: str, name: str) -> None:
    with pytest.raises(ValueError, match=rf"^{name} must be an array of numbers of shape") as refused:
        Problem(**{**arrays(), name: unreadable()[kind]})
    assert "\n" not in str(refused.value)


# Units --------------------------------------------------------------------------------------------------


def in_units(c: float) -> dict[str, Any]:
    """The same run: lengths times c, weights over c."""
    a = arrays()
    return {**a, "mu": c * a["mu"], "xi": c * a["xi"], "w0": a["w0"] / c}


@pytest.mark.parametrize("c", [2.0**k for k in (-300, -133, -74, -50, -3, 50, 74, 133, 300)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("engine", ["cnn", "reduced"])
def test_the_unit_of_length_changes_no_run(engine: str, dtype: str, c: float) -> None:
    """In float32 the squares of 1e22 leave the range, and a step eta in units of 1e-44 becomes 0."""
    expected = train(Problem(**arrays()), eta=0.1, steps=15, engine=engine, dtype=dtype)
    found = train(Problem(**in_units(c)), eta=0.1 / c**2, steps=15, engine=engine, dtype=dtype)
    assert not np.array_equal(expected.margins[0], expected.margins[-1])
    tolerance = 0 if dtype == "float64" else 2e-6 * float(np.abs(expected.margins).max())
    np.testing.assert_allclose(found.margins, expected.margins, rtol=0, atol=tolerance or 1e-12)
    np.testing.assert_allclose(found.gamma, expected.gamma, rtol=1e-5, atol=tolerance or 1e-12)
    assert found.test_error(samples=500)[0] == pytest.approx(expected.test_error(samples=500)[0], abs=0.01)
    np.testing.assert_allclose(found.geometry.gram, geometry_of(Problem(**in_units(c))).gram)


def test_decimal_units_too() -> None:
    for c in (1e22, 1e-22):
        expected = train(Problem(**arrays()), eta=0.1, steps=15, engine="cnn", dtype="float32")
        found = train(Problem(**in_units(c)), eta=0.1 / c**2, steps=15, engine="cnn", dtype="float32")
        np.testing.assert_allclose(found.margins, expected.margins, rtol=0, atol=2e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda a: {k: a[k] * (1e154 if k in ("mu", "xi") else 1.0) for k in a},
            r"^mu must be in units .*was 1\.304e\+154",
        ),
        (lambda a: {**a, "xi": a["xi"] * 1e154}, r"^xi\[0\] must be in units"),
        (lambda a: {**a, "mu": a["mu"] * 1e-165}, r"^mu must be in units .*e-165: scale mu and xi"),
        (lambda a: {**a, "xi": a["xi"] * np.array([[1], [1], [1e-165], [1]])}, r"^xi\[2\] must be in units"),
        (lambda a: {**a, "w0": a["w0"] * 1e200}, "^w0 must give products"),
    ],
)
def test_units_whose_squares_are_no_floats_are_refused_by_name(change: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Problem(**change(arrays()))


@pytest.mark.parametrize("engine", ["cnn", "reduced"])
@pytest.mark.parametrize(
    ("change", "eta", "dtype", "message"),
    [
        ({"mu": 1e-30}, 0.1, "float32", "^mu and xi must have squared lengths"),
        ({"mu": 1e30}, 0.1, "float32", "^mu and xi must have squared lengths"),
        ({"xi": 1e30}, 0.1, "float32", "^mu and xi must have squared lengths"),
        ({}, 1e-44, "float32", "^eta must move the coefficients"),
        ({}, 1e-320, "float64", "^eta must move the coefficients"),
        ({}, 1e39, "float32", "^eta must move the coefficients"),
        ({"w0": 1e-46}, 0.1, "float32", "^w0 must give pre-activations"),
        ({"w0": 1e-318}, 0.1, "float64", "^w0 must give pre-activations"),
    ],
)
def test_what_the_number_type_cannot_hold_is_refused(
    change: dict[str, float], eta: float, dtype: str, message: str, engine: str
) -> None:
    """Each of these trained nothing, or NaN, without a word."""
    a = arrays()
    p = Problem(**{name: value * change.get(name, 1.0) for name, value in a.items()})
    with pytest.raises(ValueError, match=message):
        train(p, eta=eta, steps=5, engine=engine, dtype=dtype)


def test_a_run_that_leaves_its_range_is_refused() -> None:
    require_finite(np.ones((2, 3)), 0.1, "float32")
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match=r"^eta = 5e\+31 drives margins beyond the range of float32"):
            require_finite(np.array([[1.0, bad]]), 5e31, "float32")


# Sampling -----------------------------------------------------------------------------------------------


def setting(**changes: Any) -> Setting:
    base = Setting(
        n=40, d=200, m=5, sigma_xi=0.5, signal_norm=3.0, tau_plus=0.3, tau_minus=0.1, sigma_0=0.2, eta=0.1
    )
    return base.with_(**changes)


def test_a_sampled_problem_follows_the_model() -> None:
    s = setting()
    p = sample_problem(s, 0)
    assert p.setting == s
    assert np.linalg.norm(p.mu) == s.signal_norm
    assert stats.kstest(p.xi.ravel() / s.sigma_xi, "norm").pvalue > 1e-4
    assert stats.kstest(p.w0.ravel() / s.sigma_0, "norm").pvalue > 1e-4
    assert stats.kstest(p.xi.ravel() / (1.1 * s.sigma_xi), "norm").pvalue < 1e-4
    geometry = geometry_of(p)
    np.testing.assert_allclose(geometry.gram[1:, 1:], p.xi @ p.xi.T, rtol=1e-13)


def test_labels_flip_at_the_rate_of_their_class() -> None:
    s = setting(n=20_000)
    y, observed = sample_labels(s, 3)
    assert stats.binomtest(int((y > 0).sum()), len(y), 0.5).pvalue > 1e-4
    for label, rate, other in ((1, s.tau_plus, s.tau_minus), (-1, s.tau_minus, s.tau_plus)):
        flipped = observed[y == label] != label
        assert stats.binomtest(int(flipped.sum()), len(flipped), rate).pvalue > 1e-4
        assert stats.binomtest(int(flipped.sum()), len(flipped), other).pvalue < 1e-20
    y, observed = sample_labels(setting(tau_plus=0.0, tau_minus=0.0), 3)
    np.testing.assert_array_equal(y, observed)


def test_too_few_dimensions_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^d must be at least n \+ 1 = 41, was 40"):
        sample_problem(setting(d=40))
    assert sample_problem(setting(d=41)).d == 41


def test_arrays_that_cannot_fit_are_refused_before_they_are_made() -> None:
    with pytest.raises(ValueError, match=r"^d = 1000000000000 would need .* GiB.*law"):
        sample_problem(setting(d=10**12))
