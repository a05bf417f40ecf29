"""`train` and `train_many`: arguments refused by name, shapes as promised, recorded steps, stage times."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch

from simulation.device import resolve_device
from simulation.two_stage.problem import sample_problem
from simulation.two_stage.stages import stage_times, stays_fit
from simulation.two_stage.training import ENGINES, train, train_many
from simulation.two_stage.trajectory import Trajectory
from theory.two_stage.setting import Setting

N, M, STEPS = 7, 3, 10
SETTING = Setting.from_n_snr2(
    n=N, d=40, m=M, n_snr2=6.0, tau_plus=0.3, tau_minus=0.2, kappa_0=0.5, clock_step=0.2
)
PROBLEM = sample_problem(SETTING, 0)
NO_CUDA = pytest.mark.skipif(torch.cuda.is_available(), reason="a CUDA device is there")


def plain() -> Any:
    """The problem without its setting, as a user brings it."""
    from dataclasses import replace

    return replace(PROBLEM, setting=None)


# Refused arguments --------------------------------------------------------------------------------------

REFUSED = {
    "steps negative": (SETTING, {"steps": -1}, "steps", ">= 0"),
    "steps a fraction": (SETTING, {"steps": 1.5}, "steps", "integer"),
    "steps a bool": (SETTING, {"steps": True}, "steps", "integer"),
    "steps a word": (SETTING, {"steps": "5"}, "steps", "integer"),
    "record_every zero": (SETTING, {"record_every": 0}, "record_every", ">= 1"),
    "engine unknown": (SETTING, {"engine": "magic"}, "engine", "cnn, reduced, law"),
    "law of a problem": (PROBLEM, {"engine": "law"}, "engine", "Setting"),
    "dtype unknown": (SETTING, {"dtype": "float16"}, "dtype", "float64 or float32"),
    "dtype a type": (SETTING, {"dtype": torch.float64}, "dtype", "float64 or float32"),
    "device unknown": (SETTING, {"device": "tpu"}, "device", "auto, cpu or cuda"),
    "eta missing": (plain(), {}, "eta", "must be given"),
    "eta zero": (PROBLEM, {"eta": 0.0}, "eta", "> 0"),
    "eta negative": (PROBLEM, {"eta": -1.0}, "eta", "> 0"),
    "eta NaN": (SETTING, {"eta": float("nan")}, "eta", "finite"),
    "eta infinite": (PROBLEM, {"eta": float("inf")}, "eta", "finite"),
    "snapshot beyond the end": (SETTING, {"snapshots": [0, STEPS + 1]}, "snapshots", f"{STEPS}"),
    "snapshot negative": (SETTING, {"snapshots": [-1]}, "snapshots", "between 0"),
    "too few dimensions, law": (SETTING.with_(d=N), {}, "d", f"{N + 1}"),
    "too few dimensions, cnn": (SETTING.with_(d=N), {"engine": "cnn"}, "d", f"{N + 1}"),
    "network too large": (SETTING.with_(d=10**12), {"engine": "cnn"}, "d", "GiB"),
    "problem too large": (SETTING.with_(d=10**12), {"engine": "reduced"}, "d", "GiB"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_argument_is_refused_by_name(name: str) -> None:
    what, change, argument, allowed = REFUSED[name]
    with pytest.raises(ValueError) as refused:
        train(what, **{"steps": STEPS, **change})
    message = str(refused.value)
    assert message.split()[0] == argument, message
    assert allowed in message, message
    assert "\n" not in message


@NO_CUDA
@pytest.mark.parametrize("device", ["cuda", "cuda:0"])
def test_cuda_is_refused_where_there_is_none(device: str) -> None:
    with pytest.raises(ValueError, match=r"^device was 'cuda.*no CUDA device"):
        train(SETTING, steps=1, device=device)


def test_auto_is_a_device_that_exists() -> None:
    assert resolve_device("auto") == ("cuda" if torch.cuda.is_available() else "cpu")
    assert train(SETTING, steps=1, device="auto").margins.shape == (2, N)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seeds": [0]}, "settings, seeds and steps must have equal lengths, had 2, 1 and 2"),
        ({"steps": [3]}, "settings, seeds and steps must have equal lengths, had 2, 2 and 1"),
        ({"steps": [3, -1]}, "steps must be an integer >= 0, was -1"),
        ({"dtype": "half"}, "dtype must be float64 or float32, was 'half'"),
        ({"device": "abacus"}, "device must be auto, cpu or cuda, was 'abacus'"),
        ({"record_every": 0}, "record_every must be an integer >= 1, was 0"),
        ({"snapshots": [[0]]}, "snapshots must hold a list for each of 2 runs, held 1"),
        ({"snapshots": [[0], [4]]}, "snapshots must lie between 0 and steps = 3, held 3..4"),
        ({"settings": [SETTING, SETTING.with_(d=N)]}, f"d must be at least n + 1 = {N + 1}, was {N}"),
    ],
)
def test_a_wrong_batch_is_refused_by_name(change: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"settings": [SETTING, SETTING], "seeds": [0, 1], "steps": [3, 3], **change}
    with pytest.raises(ValueError) as refused:
        train_many(given.pop("settings"), given.pop("seeds"), **given)
    assert str(refused.value).startswith(message), refused.value


def test_an_empty_batch_is_empty() -> None:
    assert train_many([], [], steps=[]) == []


# Shapes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_trajectory_has_the_shapes_of_the_contract(engine: str, dtype: str) -> None:
    t = train(SETTING, steps=STEPS, engine=engine, record_every=4, dtype=dtype)
    assert t.steps.tolist() == [0, 4, 8, 10]
    T = len(t.steps)
    assert t.gamma.shape == (T, 2, M)
    assert t.rho is not None
    assert t.rho.shape == (T, 2, M, N)
    assert t.products is not None
    assert t.products.shape == (T, 2, M, N + 1)
    assert t.margins.shape == (T, N)
    assert t.train_loss.shape == (T,)
    assert t.y.shape == t.y_observed.shape == (N,)
    for array in (t.gamma, t.rho, t.products, t.margins, t.train_loss, t.y, t.y_observed):
        assert array.dtype == np.float64
        assert np.isfinite(array).all()
    assert not t.gamma[0].any()
    assert not t.rho[0].any()
    assert (t.engine, t.dtype, t.eta, t.sigma_xi) == (engine, dtype, SETTING.eta, SETTING.sigma_xi)
    np.testing.assert_allclose(t.train_loss, np.log1p(np.exp(-t.margins)).mean(axis=1), rtol=1e-14)
    np.testing.assert_array_equal(t.snapshot_steps, t.steps)


def test_the_default_engine_follows_what_is_trained() -> None:
    assert train(SETTING, steps=1).engine == "law"
    assert train(PROBLEM, steps=1).engine == "reduced"


@pytest.mark.parametrize(
    ("steps", "every", "expected"),
    [(0, 1, [0]), (0, 5, [0]), (1, 1, [0, 1]), (5, 2, [0, 2, 4, 5]), (6, 3, [0, 3, 6]), (3, 100, [0, 3])],
)
@pytest.mark.parametrize("engine", ENGINES)
def test_the_first_and_the_last_step_are_recorded(
    engine: str, steps: int, every: int, expected: list[int]
) -> None:
    assert train(SETTING, steps=steps, record_every=every, engine=engine).steps.tolist() == expected


@pytest.mark.parametrize("engine", ENGINES)
def test_recording_less_changes_no_number(engine: str) -> None:
    full = train(SETTING, steps=STEPS, engine=engine)
    some = train(SETTING, steps=STEPS, engine=engine, record_every=3, snapshots=[5, 2, 5])
    np.testing.assert_array_equal(some.margins, full.margins[some.steps])
    np.testing.assert_array_equal(some.gamma, full.gamma[some.steps])
    assert some.snapshot_steps.tolist() == [2, 5, STEPS]
    assert some.rho is not None
    assert full.rho is not None
    np.testing.assert_array_equal(some.rho, full.rho[[2, 5, STEPS]])
    assert some.test_error(at=5, samples=200) == full.test_error(at=5, samples=200)


def test_coefficients_are_left_out_on_request() -> None:
    t = train(SETTING, steps=STEPS, record_coefficients=False)
    assert t.rho is None
    assert t.products is None
    assert t.gamma.shape == (STEPS + 1, 2, M)
    assert t.snapshot_steps.tolist() == [STEPS]
    assert t.test_error(samples=100) == train(SETTING, steps=STEPS).test_error(samples=100)


@pytest.mark.parametrize("at", [-1, 3, STEPS + 1])
def test_a_state_that_was_not_kept_is_refused_by_name(at: int) -> None:
    t = train(SETTING, steps=STEPS, snapshots=[2, 4])
    with pytest.raises(ValueError, match=rf"^at must be a step whose state was kept, was {at}; nearest"):
        t.test_error(at=at)


def test_a_problem_brings_its_own_step_size_noise_scale_and_seed() -> None:
    given = train(PROBLEM, steps=STEPS)
    np.testing.assert_array_equal(given.margins, train(PROBLEM, steps=STEPS, eta=SETTING.eta).margins)
    np.testing.assert_array_equal(
        given.margins, train(SETTING, steps=STEPS, engine="reduced", seed=0).margins
    )
    alone = train(plain(), steps=STEPS, eta=SETTING.eta)
    np.testing.assert_array_equal(given.margins, alone.margins)
    assert alone.sigma_xi == pytest.approx(SETTING.sigma_xi, rel=0.2)  # root mean square of 7 x 40 entries
    assert alone.setting is None


@pytest.mark.parametrize("engine", ["reduced", "law"])
def test_seeds_give_different_runs(engine: str) -> None:
    one, other = (train(SETTING, steps=1, engine=engine, seed=seed) for seed in (0, 1))
    assert not np.array_equal(one.margins, other.margins)


def test_the_weights_move_only_in_the_span_of_the_patches() -> None:
    """What the closure assumes, measured on the real network."""
    for dtype in ("float64", "float32"):
        t = train(PROBLEM, steps=STEPS, engine="cnn", dtype=dtype)
        eps = float(np.finfo(dtype).eps)
        assert 0 < t.record.span_residual[1:].max() < eps * STEPS * SETTING.d
        assert t.record.span_residual[0] == 0


def test_importing_the_package_does_not_load_torch() -> None:
    program = "import simulation, simulation.two_stage.cli, sys; print('torch' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["False"]


def test_every_public_name_is_there() -> None:
    import simulation

    assert dir(simulation) == sorted(simulation.__all__)
    for name in simulation.__all__:
        assert getattr(simulation, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'training_wheels'"):
        _ = simulation.training_wheels


# Stage times --------------------------------------------------------------------------------------------


def with_margins(margins: Any, flipped: list[bool], every: int = 10) -> Trajectory:
    """A trajectory with margins (T, n) written by hand, recorded at multiples of `every`."""
    from dataclasses import replace

    z = np.array(margins, dtype=float)
    s = SETTING.with_(n=z.shape[1])
    t = train(s, steps=(len(z) - 1) * every, record_every=every)
    y = np.where(np.arange(s.n) % 2 == 0, 1.0, -1.0)
    geometry = replace(t.geometry, y=y, y_observed=np.where(flipped, -y, y))
    record = replace(t.record, margins=z, train_loss=np.logaddexp(0, -z).mean(axis=1))
    return replace(t, geometry=geometry, record=record)


def times(t: Trajectory, eps: float = 0.1) -> dict[str, float]:
    return {time.name.split("(")[0]: time.step for time in stage_times(t, eps)}


def test_stage_times_of_a_history_written_by_hand() -> None:
    """Clean, clean, noisy, noisy, noisy: fit for good within recorded steps 1, 2 | 3, 3, 4."""
    history = [
        [-1, -1, -1, -1, -1],
        [+1, -1, +1, -1, -1],
        [+1, +1, -1, -1, -1],
        [+5, +5, +5, +1, -1],
        [+9, +9, +9, +9, +9],
    ]
    t = with_margins(history, [False, False, True, True, True])
    # Of straight lines: from -1 to 1 at half a record, from -1 to 5 at a sixth, from -1 to 9 at a tenth. The
    # third sample was fit at 10, lost at 20, and stays from 21.7 on; the fourth from 25, the fifth from 31.
    found = times(t)
    assert found.pop("t_eps") == pytest.approx(
        30 + 10 * (t.train_loss[3] - 0.1) / (t.train_loss[3] - t.train_loss[4])
    )
    assert found == pytest.approx({"t_clean": 15.0, "t_half": 25.0, "t_all": 31.0})
    assert times(t, 2.0)["t_eps"] == 0.0


def test_a_stage_never_reached_is_infinite_and_an_empty_class_is_at_zero() -> None:
    t = with_margins([[-1, -1], [1, -1]], [False, True])
    assert times(t) == {"t_clean": 5.0, "t_half": np.inf, "t_all": np.inf, "t_eps": np.inf}
    assert times(with_margins([[1, 1], [1, 1]], [False, False]))["t_all"] == 0.0


def test_a_margin_of_zero_is_not_fit() -> None:
    assert stays_fit(np.array([[0.0], [0.0]]), np.array([0, 1]), 1.0) == np.inf
    assert stays_fit(np.array([[0.0], [2.0]]), np.array([3, 4]), 1.0) == 3.0
    assert stays_fit(np.array([[1.0], [2.0]]), np.array([3, 4]), 1.0) == 3.0
    assert stays_fit(np.array([[1.0], [-2.0]]), np.array([3, 4]), 1.0) == np.inf
