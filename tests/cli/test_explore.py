"""falsify, doctor and phase on the command line: wrong input is one line and status 2."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Call = Callable[..., tuple[int, str, str]]
CLAIMS = Path(__file__).parents[1] / "planted" / "search_claims.py"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("falsify", "Missing argument"),
        ("falsify two_stage.closur", "did you mean two_stage.closure"),
        ("falsify two_stage.closure --budget 5", "--budget must be a time > 0"),
        ("falsify two_stage.closure --budget 0s", "--budget must be a time > 0"),
        ("falsify two_stage.closure --seed -1", "--seed must be"),
        ("falsify two_stage.closure --outside nonsense", "--outside must name conditions"),
        ("falsify two_stage.closure --claims-file missing.py", "no such file: missing.py"),
        ("doctor --n 1", "n must be at least 2, was 1"),
        ("doctor --tau-plus 0.5", "tau_plus must lie in [0, 1/2), was 0.5"),
        ("doctor --sigma-0 1 --kappa-0 1", "sigma_0 and kappa_0 do not go together"),
        ("doctor --n-snr2 1 --signal-norm 1", "n_snr2 and signal_norm do not go together"),
        ("doctor --eta 1 --clock-step 1", "clock_step and eta do not go together"),
        ("doctor --eta 0", "eta must be a finite number > 0"),
        ("doctor --C -1", "--C must be a finite number > 0"),
        ("doctor --delta 1", "--delta must lie in (0, 1)"),
        ("doctor --n", "--n needs a value"),
        ("doctor --n 10 --n 20", "--n is given twice"),
        ("doctor --n 10.5", "--n must be a whole number, was '10.5'"),
        ("doctor --tau x", "--tau must be a number, was 'x'"),
        ("doctor --kapa-0 1", "unknown parameter 'kapa_0'; did you mean kappa_0"),
        ("doctor 3", "unexpected argument '3'"),
        ("doctor --set n", "--set must be NAME=VALUE, was 'n'"),
        ("doctor --claim nonsense", "--claim: no claim 'nonsense'"),
        ("phase moon", "snr-tau, dimension-kappa, tau-tau, decay-tau, was 'moon'"),
        ("phase snr-tau --quantity event loss", "--quantity must be of event, error, t_half, was 'loss'"),
        ("phase snr-tau --cells 2", "--cells must lie in [3, 100], was 2"),
        ("phase snr-tau --runs 0", "--runs must lie in [1, 10000], was 0"),
        ("phase snr-tau --jobs 0", "--jobs must be at least 1, was 0"),
        ("phase snr-tau --profile fast", "--profile must be one of quick, default, full, was 'fast'"),
        ("phase snr-tau --claim nonsense", "--claim: no claim 'nonsense'"),
    ],
)
def test_wrong_input_is_one_line_that_names_it(
    arguments: str, named: str, command: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, err = command(*arguments.split())
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("verify: error: ")
    assert named in err
    assert list(tmp_path.iterdir()) == []


def test_falsify_prints_one_replay_command_and_exits_with_one(command: Call) -> None:
    words = ["falsify", "planted.search.identity", "--claims-file", str(CLAIMS), "--budget", "10s"]
    status, out, _ = command(*words)
    assert status == 1
    assert "verdict:  counterexample found" in out
    assert out.count("python -m verify replay") == 1


def test_falsify_exits_with_zero_where_nothing_is_found(command: Call) -> None:
    words = ["falsify", "planted.sound.rare", "--claims-file", str(CLAIMS), "--budget", "1s"]
    status, out, _ = command(*words)
    assert status == 0
    assert "verdict:  none found in " in out


def test_doctor_as_plain_text_and_as_json(command: Call) -> None:
    status, out, _ = command("doctor", "--kappa-0", "30")
    assert status == 0
    assert "init_noise" in out
    assert "outside, by 30" in out
    assert "\x1b" not in out
    status, text, _ = command("doctor", "--kappa-0", "30", "--json")
    assert status == 0
    data = json.loads(text)
    assert [c["inside"] for c in data["conditions"] if c["name"] == "init_noise"] == [False]
    assert data["nearest"]["command"] in out


def test_phase_writes_its_files(command: Call, tmp_path: Path) -> None:
    words = ["phase", "tau-tau", "--cells", "3", "--runs", "1", "--jobs", "1", "--out", str(tmp_path / "p")]
    status, out, _ = command(*words, "--quantity", "event", "--claim", "none")
    assert status == 0
    assert "9 cells, " in out
    assert sorted(p.suffix for p in (tmp_path / "p").iterdir()) == [".csv", ".json", ".png"]
