"""Configurations of sweeps: every mistake is one line, equal sweeps have equal hashes, draws are pure."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import pytest
from sweep_cases import SMALL, configuration

from theory.rng import generator
from theory.two_stage.parameters import PARAMETERS, setting_at
from verify.sweep.config import Between, SweepConfig, load_config
from verify.sweep.points import sweep_points

TEXT = """
name = "x"
clock = 3
measure = ["t_half"]
[fixed]
n = 10
m = 4
tau = 0.1
kappa_0 = 0.1
clock_step = 0.05
[grid]
d = [100, 200]
n_snr2 = { from = 1, to = 16, count = 3, scale = "log" }
"""
SAMPLE = TEXT.partition("[grid]")[0] + "[sample]\n"


def message(text: str, tmp_path: Path) -> str:
    path = tmp_path / "c.toml"
    path.write_text(text)
    with pytest.raises(ValueError) as error:
        sweep_points(load_config(path))
    out = str(error.value)
    assert "\n" not in out
    return out


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("clock = 3", "clock = 3\nreplicats = 2", "unknown key 'replicats'; did you mean replicates?"),
        ("clock = 3", "clock = '3'", "clock must be a valid number, was '3'"),
        ("clock = 3", "clock = 0", "clock must be greater than 0, was 0"),
        ("clock = 3", "", "exactly one of clock and steps must be given"),
        ("clock = 3", "clock = 3\nsteps = 4", "exactly one of clock and steps must be given"),
        ("clock = 3", "steps = 0", "steps must be greater than or equal to 1, was 0"),
        ("clock = 3", "clock = 3\nreplicates = 0", "replicates must be greater than or equal to 1, was 0"),
        ("clock = 3", "clock = 3\nseed = -1", "seed must be greater than or equal to 0, was -1"),
        ("clock = 3", "clock = 3\nengine = 'laws'", "engine must be one of law, reduced, cnn, was 'laws'"),
        ("clock = 3", "clock = 3\ndtype = 'float16'", "dtype must be one of float64, float32, was 'float16'"),
        ("clock = 3", "clock = 3\npaper = 'none'", "there is no paper 'none'"),
        ("clock = 3", "clock = 3\ntest_samples = 0", "test_samples must be greater than or equal to 1"),
        ("clock = 3", "clock = 3\nsnapshots = [-1]", "snapshots must hold clocks >= 0, was [-1]"),
        ("clock = 3", "clock = inf", "clock must be a finite number, was inf"),
        ('name = "x"', "", "name is missing"),
        ('name = "x"', 'name = "../x"', "name must be letters, digits"),
        ('measure = ["t_half"]', "measure = []", "measure must name at least one quantity or claim, was []"),
        ('measure = ["t_half"]', 'measure = ["t_half", "t_half"]', "measure must name 't_half' only once"),
        ("tau = 0.1", "tau = 0.5", "tau_plus must lie in [0, 1/2), was 0.5"),
        ("tau = 0.1", "tau = nan", "fixed.tau must be finite, was nan"),
        ("tau = 0.1", "tau = true", "fixed.tau must be a number, was True"),
        ("tau = 0.1", "tao = 0.1", "unknown parameter 'tao'; did you mean tau, eta?"),
        ("tau = 0.1", "tau_plus = 0.1", "give one of tau, tau_plus with tau_minus"),
        ("tau = 0.1", "", "tau is missing: give one of tau, tau_plus, tau_minus"),
        ("n = 10", "n = 1", "point 0 (d = 100, n_snr2 = 1): n must be at least 2, was 1"),
        ("n = 10", "n = 10.5", "n must be an integer, was 10.5"),
        ("m = 4", "", "m is missing; values stand in [fixed], [grid] or [sample]"),
        ("m = 4", "m = 4\nn_snr2 = 3", "n_snr2 is given twice"),
        ("m = 4", "m = 4\nd_over_n = 3", "d and d_over_n do not go together"),
        ("d = [100, 200]", "d = [5]", "d must be at least n + 1 = 11, was 5"),
        ("d = [100, 200]", "d = []", "grid.d must hold at least one value"),
        ("d = [100, 200]", "d = 100", "grid.d must be a list of numbers or {from, to, ...}, was 100"),
        ("d = [100, 200]", "d = ['a']", "grid.d must be a number, was 'a'"),
        ("count = 3", "cout = 3", "unknown key 'grid.n_snr2.cout'; did you mean count?"),
        (", count = 3", "", "grid.n_snr2: count is missing"),
        ("from = 1", "from = 0", "grid.n_snr2: from must be > 0 on a log scale, was 0"),
        ("from = 1", "from = 20", "grid.n_snr2: from must be at most to"),
        ('"log"', '"lag"', "grid.n_snr2.scale must be 'linear' or 'log', was 'lag'"),
        ("[grid]", "[variation]\nnoise = 'laplace'\n[grid]", "variation: engine 'law' knows Gaussian noise"),
        ("[grid]", "[variation]\nbatch_size = 11\n[grid]", "batch_size must be at most n = 10, was 11"),
        ("[grid]", "[variation]\nbatch_sise = 1\n[grid]", "'variation.batch_sise'; did you mean batch_size?"),
        ("[grid]", "[variation]\nnoise = 'pink'\n[grid]", "variation.noise must be one of gaussian, "),
        ("[grid]", "[stop]\nlos = 1\n[grid]", "unknown key 'stop.los'; did you mean loss?"),
        ("[grid]", "[stop]\nloss = 0\n[grid]", "stop.loss: eps must be a finite number > 0, was 0"),
        ("[grid]", "[stop]\nsteps = 2.5\n[grid]", "stop.steps must be a whole number, was 2.5"),
        ("[grid]", "[gird]", "unknown key 'gird'; did you mean grid?"),
        ("count = 3", "count = 1000001", "grid.n_snr2.count must be less than or equal to 1000000"),
        ("name =", "name ==", "is not valid TOML"),
    ],
)  # fmt: skip
def test_every_mistake_is_one_line_that_names_it(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert old in TEXT
    assert said in message(TEXT.replace(old, new, 1), tmp_path)


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        ("d = {from = 100, to = 200}\nn_snr2 = {from = 1, to = 2}", "sample.count is missing"),
        ("count = 0\nd = {from = 100, to = 200}", "sample.count must be an integer in [1, 1000000], was 0"),
        ("count = 3", "[sample] must name at least one coordinate"),
        ("count = 3\nd = 100", "sample.d must be {from, to, scale}, was 100"),
        ("count = 3\nd = [100]", "sample.d must be {from, to, scale}, was [100]"),
        ("count = 3\nd = {from = 100, to = 200, count = 4}", "sample.d: count belongs to [sample] itself"),
    ],
)
def test_every_mistake_of_a_sample_too(sample: str, said: str, tmp_path: Path) -> None:
    assert said in message(SAMPLE + sample, tmp_path)


def test_empty_and_doubled_tables(tmp_path: Path) -> None:
    assert "[grid] must name at least one coordinate" in message(TEXT.partition("d = [")[0], tmp_path)
    assert "exactly one of the tables" in message(TEXT.partition("[grid]")[0], tmp_path)
    assert "exactly one of the tables" in message(TEXT + "[sample]\ncount = 2\n", tmp_path)


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"CONFIG: .* cannot be read: No such file"):
        load_config(tmp_path / "missing.toml")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match="not a text file"):
        load_config(tmp_path / "b.toml")


# Identity -----------------------------------------------------------------------------------------------


def test_the_way_a_sweep_is_written_does_not_change_its_hash() -> None:
    grid = SMALL["grid"]
    same = [
        configuration(grid=dict(reversed(grid.items()))),
        configuration(grid=grid | {"d_over_n2": [1, 10, 100]}),
        configuration(clock=3, fixed=SMALL["fixed"] | {"n": 8.0}),
        configuration(seed=0, engine="law", snapshots=[]),
    ]
    assert {config.hash for config in same} == {configuration().hash}


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 1}, {"clock": 3.5}, {"replicates": 4}, {"measure": ["t_half"]}, {"record_every": 2},
        {"fixed": SMALL["fixed"] | {"m": 3}}, {"grid": SMALL["grid"] | {"n_snr2": [2.0, 8.5]}},
        {"engine": "reduced"}, {"dtype": "float32"}, {"snapshots": [1.0]}, {"test_samples": 201},
        {"variation": {"batch_size": 4}}, {"name": "other"},
    ],
    ids=str,
)  # fmt: skip
def test_whatever_changes_the_sweep_changes_its_hash(changes: dict[str, object]) -> None:
    assert configuration(**changes).hash != configuration().hash


def test_the_canonical_form_describes_the_same_sweep() -> None:
    for config in (configuration(), configuration(grid=None, sample={"count": 2, **RANGES})):
        plain = {key: value for key, value in config.canonical().items() if value is not None}
        plain["variation"] = {k: v for k, v in plain["variation"].items() if v is not None}
        again = SweepConfig.model_validate(plain)
        assert again.hash == config.hash
        assert sweep_points(again) == sweep_points(config)


# Points -------------------------------------------------------------------------------------------------

RANGES = {"n_snr2": {"from": 1, "to": 16, "scale": "log"}, "d": {"from": 100, "to": 200}}


def test_a_grid_is_the_full_product_in_a_fixed_order() -> None:
    points = sweep_points(configuration())
    assert [(p.coordinates["d_over_n2"], p.coordinates["n_snr2"]) for p in points] == [
        (d, a) for d in (1.0, 10.0, 100.0) for a in (2.0, 8.0)
    ]
    assert [p.index for p in points] == list(range(6))
    assert [p.setting.d for p in points[::2]] == [64, 640, 6400]


def test_a_log_range_holds_both_ends_and_equal_ratios() -> None:
    values = Between.model_validate({"from": 0.3, "to": 7.0, "count": 5, "scale": "log"}).grid()
    assert (values[0], values[-1]) == (0.3, 7.0)
    ratios = [b / a for a, b in pairwise(values)]
    assert max(ratios) / min(ratios) < 1 + 1e-12
    assert Between.model_validate({"from": 2, "to": 3, "count": 1}).grid() == [2.0]


def test_whole_numbers_stay_whole() -> None:
    sizes = {"from": 5, "to": 50, "count": 4, "scale": "log"}
    fixed = {k: v for k, v in SMALL["fixed"].items() if k != "n"}
    config = configuration(grid={"d_over_n": [20], "n_snr2": [2], "n": sizes}, fixed=fixed)
    assert [p.setting.n for p in sweep_points(config)] == [5, 11, 23, 50]


def test_a_sampled_value_is_a_function_of_seed_coordinate_and_index_alone() -> None:
    few = sweep_points(configuration(grid=None, sample={"count": 5, **RANGES}))
    many = sweep_points(configuration(grid=None, sample={"count": 9, **RANGES}))
    assert many[:5] == few
    more = {"sigma_xi": {"from": 1, "to": 2}}
    other = sweep_points(configuration(grid=None, sample={"count": 5, **more, **RANGES}))
    assert [p.coordinates["n_snr2"] for p in other] == [p.coordinates["n_snr2"] for p in few]
    reseeded = sweep_points(configuration(grid=None, seed=1, sample={"count": 5, **RANGES}))
    assert not {p.coordinates["n_snr2"] for p in reseeded} & {p.coordinates["n_snr2"] for p in few}
    u = float(generator(0, "sweep sample n_snr2", 3).random())
    assert few[3].coordinates["n_snr2"] == pytest.approx(16**u, rel=1e-12)


def test_samples_follow_their_law() -> None:
    """1000 draws: a Kolmogorov distance above 0.062 has probability 0.001 under the law (DKW)."""
    points = sweep_points(configuration(grid=None, sample={"count": 1000, **RANGES}))
    for name, place in (("n_snr2", lambda v: math.log(v) / math.log(16)), ("d", lambda v: (v - 100) / 100)):
        ranks = sorted(place(p.coordinates[name]) for p in points)
        distance = max(abs(r - (k + 0.5) / 1000) for k, r in enumerate(ranks)) + 0.0005
        assert distance < 0.062 + (0.005 if name == "d" else 0)  # d is rounded to a hundredth of the range


def test_coordinates_make_the_setting_they_name() -> None:
    base = {"n": 40, "m": 5, "tau_plus": 0.1, "tau_minus": 0.2, "clock_step": 0.05, "sigma_xi": 2.0}
    s = setting_at(base | {"d_over_n": 3.0, "signal_margin": 3.0, "kappa_0": 0.5})
    assert (s.n, s.d, s.m, s.tau_plus, s.tau_minus, s.sigma_xi) == (40, 120, 5, 0.1, 0.2, 2.0)
    assert s.signal_margin == pytest.approx(3.0)
    assert s.n_snr2 == pytest.approx(5.0)
    assert (s.kappa_0, s.clock_step) == (pytest.approx(0.5), pytest.approx(0.05))
    t = setting_at(base | {"d_over_n2": 0.1, "n_snr2": 4.0, "sigma_0": 0.01})
    assert (t.d, t.sigma_0) == (160, 0.01)
    assert setting_at(base | {"d": 77, "n_snr2": 4.0, "sigma_0": 0.01}).d == 77


def test_every_coordinate_can_be_used() -> None:
    used = {"n", "m", "clock_step", "sigma_xi"}
    for names in ({"d", "n_snr2", "tau", "kappa_0"}, {"d_over_n", "signal_margin", "tau_plus", "tau_minus",
                  "sigma_0"}, {"d_over_n2", "n_snr2", "tau", "kappa_0"}):  # fmt: skip
        PARAMETERS.check(["n", "m", "clock_step", *names])
        used |= names
    assert used | {"signal_norm", "eta"} == set(PARAMETERS.names)
