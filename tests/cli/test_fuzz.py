"""Command lines, claims files and JSON that no one would write: one line, a known status, no traceback."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulation.two_stage import cli as simulation_cli
from verify.cli import main as verify_cli

ROOT = Path(__file__).parents[2]
STATUSES = {0, 1, 2}

# In this process ------------------------------------------------------------------------------------------


def called(main: Callable[[], None], argv: Sequence[str]) -> tuple[int, str, str]:
    """Exit status, stdout and stderr of a command line run here."""
    out, err = io.StringIO(), io.StringIO()
    before = sys.argv
    sys.argv = ["program", *argv]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as left:
        return int(str(left.code)), out.getvalue(), err.getvalue()
    finally:
        sys.argv = before
    raise AssertionError("the program did not leave")


def check(main: Callable[[], None], argv: Sequence[str]) -> int:
    """A documented status; for wrong input exactly one line on stderr, and nothing on stdout."""
    status, out, err = called(main, argv)
    assert status in STATUSES, (argv, status)
    assert "Traceback" not in out + err
    if status == 2:
        assert err.count("\n") == 1, (argv, err)
        assert err.split(":")[0] in ("verify", "simulation")
        assert out == "" or not argv or "--help" in argv, (argv, out)
    return status


words = st.sampled_from(
    ["", "-", "--", "-1", "0", "1", "2", "nan", "inf", "-inf", "1e400", "1e-400", "0.5", "9" * 5000, "x",
     "\x00", "\ud800", "𝟛", "é", "--help", "-h", "[]", "{}", "null", "*", "[", "two_stage.*", "../..", "~",
     "/", "1_000", " 1", "٣", "\n", "=", "--seed=", "quick", "law", "cpu", "auto", "1e3", "0x10",
     "True", "None"]
) | st.text(max_size=6)  # fmt: skip
COMMANDS = ["run", "claims", "explain", "replay", "falsify", "doctor", "phase", "prove", ""]
OPTIONS = [
    "--profile", "--out", "--claims", "--claims-file", "--seed", "--device", "--jobs", "--resume", "--json",
    "--setting", "--engine", "--outside", "--budget", "--n", "--d", "--m", "--sigma-xi", "--n-snr2", "--C",
    "--signal-norm", "--tau-plus", "--tau-minus", "--sigma-0", "--kappa-0", "--clock-step", "--eta",
    "--claim", "--delta", "--quantity", "--cells", "--runs", "--steps", "--clock", "--dtype", "--plot",
]  # fmt: skip
tokens = st.one_of(
    st.sampled_from(OPTIONS), words, st.builds("{}={}".format, st.sampled_from(OPTIONS), words)
)


def stop(*_: object, **__: object) -> None:
    """Instead of the work: the command line was accepted."""
    raise ValueError("reached")


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Runs, searches and diagrams are refused when they would begin."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (
        "verify.pipeline.verify_claims", "verify.search.shrink.measure_at", "verify.search.falsify.falsify",
        "verify.phase.diagram.phase_diagram", "simulation.two_stage.training.train",
    ):  # fmt: skip
        monkeypatch.setattr(name, stop)
    return tmp_path


fuzzed = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@fuzzed
@given(st.sampled_from(COMMANDS), st.lists(tokens, max_size=5))
def test_any_words_to_verify(no_work: Path, command: str, more: list[str]) -> None:
    check(verify_cli.main, [command, *more])


@fuzzed
@given(st.sampled_from(["run", "walk"]), st.lists(tokens, max_size=5))
def test_any_words_to_simulation(no_work: Path, command: str, more: list[str]) -> None:
    check(simulation_cli.main, [command, *more])


numbers = st.one_of(
    st.integers(-(10**30), 10**30),
    st.integers(-3, 60),
    st.floats(),
    st.floats(-1, 2),
    st.sampled_from([1e308]),
)
SIZES = ["--n", "--d", "--m", "--sigma-xi", "--n-snr2", "--signal-norm", "--tau-plus", "--tau-minus"]
SCALES = ["--sigma-0", "--kappa-0", "--clock-step", "--eta", "--C", "--delta"]


@fuzzed
@given(st.dictionaries(st.sampled_from(SIZES + SCALES), numbers, max_size=5))
def test_any_numbers_to_doctor(no_work: Path, options: dict[str, float]) -> None:
    argv = [f"{name}={value}" for name, value in options.items()]
    assert check(verify_cli.main, ["doctor", *argv, "--json"]) in (0, 2)


@fuzzed
@given(
    st.dictionaries(st.sampled_from([*SIZES, *SCALES, "--steps", "--clock", "--seed"]), numbers, max_size=5)
)
def test_any_numbers_to_simulation(no_work: Path, options: dict[str, float]) -> None:
    assert check(simulation_cli.main, ["run", *(f"{k}={v}" for k, v in options.items())]) == 2


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ["n", "d", "m", "sigma_xi", "signal_norm", "tau_plus", "tau_minus", "sigma_0", "eta"]
GOOD = {"n": 10, "d": 100, "m": 4, "sigma_xi": 1.0, "signal_norm": 8.0, "tau_plus": 0.1, "tau_minus": 0.1,
        "sigma_0": 0.01, "eta": 0.01}  # fmt: skip
#: By name: hypothesis prints what fails.
HUGE = {
    "deep list": "[" * 100_000, "deep object": '{"n":' * 50_000, "long number": "9" * 5000, "NaN": "NaN",
    "-Infinity": "-Infinity", "1e999": "1e999", "twice": '{"n":1,"n":2}',
}  # fmt: skip
fields = st.dictionaries(st.sampled_from([*FIELDS, "more"]), json_values | numbers)
setting_texts = st.one_of(
    fields.map(lambda more: json.dumps({**GOOD, **more})), json_values.map(json.dumps), st.text(max_size=10),
    st.sampled_from(sorted(HUGE)),
)  # fmt: skip


@fuzzed
@given(setting_texts)
def test_any_json_as_a_setting(no_work: Path, text: str) -> None:
    argv = ["replay", "two_stage.closure", f"--setting={HUGE.get(text, text)}", "--seed", "0"]
    assert check(verify_cli.main, argv) == 2


CLAIM = """
from theory import Claim, Event, Source
from theory.two_stage.experiments import PAPER
CLAIMS = [Claim(id="own.one", source=Source("own", "1"), provenance="derived", statement="example",
                rule=Event(), measure=bool, experiment=PAPER{more})]
"""
FILES: dict[str, bytes | str] = {
    "empty": "",
    "not text": b"\xff\xfe\x00\x01",
    "nul": "CLAIMS = []\x00",
    "latin": b"CLAIMS = ['\xe9']",
    "syntax": "CLAIMS = [(",
    "indentation": "  x = 1\n y = 2",
    "unicode": "# ☃\nСLAIMS = []",  # a Cyrillic letter
    "deep": "x = " + "(" * 3000 + ")" * 3000,
    "long": "x = [" + "0," * 200_000 + "]",
    "recursion": "def f(): f()\nf()",
    "memory": "raise MemoryError('much')",
    "exit": "import sys; sys.exit(0)",
    "exit text": "import sys; sys.exit('bye\\nbye')",
    "generator": "raise GeneratorExit",
    "stop": "raise StopIteration('x' * 10000)",
    "bad text": "class E(Exception):\n    def __str__(self): raise ValueError('no text')\nraise E",
    "surrogate": "raise ValueError('\\ud800')",
    "prints": "print('noise')\nraise ValueError",
    "number": "CLAIMS = 3",
    "mapping": "CLAIMS = {'a': 1}",
    "class": "from theory import Claim\nCLAIMS = [Claim]",
    "nan": "CLAIMS = [float('nan')]",
    "getattr": "def __getattr__(name): raise RuntimeError(name)",
    "wrong id": CLAIM.format(more="").replace("own.one", "\\ud800 é"),
    "wrong drop": CLAIM.format(more=", drops=('nothing',)"),
    "wrong parent": CLAIM.format(more=", parents=('own.two',)"),
    "wrong measure": CLAIM.format(more="").replace("measure=bool", "measure=3"),
    "wrong rule": CLAIM.format(more="").replace("rule=Event()", "rule='event'"),
    "wrong experiment": CLAIM.format(more="").replace("experiment=PAPER", "experiment=None"),
    "wrong statement": CLAIM.format(more="").replace("'example'", "None").replace('"example"', "None"),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("command", [["run"], ["explain", "own.one"], ["claims", "--json"]], ids=" ".join)
def test_any_claims_file(name: str, command: list[str], no_work: Path) -> None:
    content = FILES[name]
    path = no_work / "own.py"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    status, out, err = called(verify_cli.main, [*command, "--claims-file", str(path)])
    assert status == 2, err
    assert out in ("", "noise\n")
    assert err.count("\n") == 1, err
    assert err.startswith("verify: error: --claims-file")


def test_the_checks_would_see_a_traceback() -> None:
    def crashes() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        check(crashes, [])

    def two_lines() -> None:
        print("verify: error: a\nb", file=sys.stderr)
        sys.exit(2)

    with pytest.raises(AssertionError):
        check(two_lines, [])


# In a process of its own ------------------------------------------------------------------------------------


def start(*arguments: str, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", *arguments], cwd=ROOT, text=True, stderr=subprocess.PIPE, **options,  # type: ignore[call-overload]
    )  # fmt: skip


LISTS = [
    ("verify", "--help"),
    ("verify", "claims", "--paper", "two_stage", "--json"),
    ("simulation", "run", "--n", "6", "--d", "60", "--m", "2", "--steps", "5"),
]


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
@pytest.mark.parametrize("arguments", LISTS, ids=" ".join)
def test_a_reader_that_leaves_is_no_error(arguments: tuple[str, ...]) -> None:
    """As `| head -c0`: the pipe is closed before anything is written to it."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        process = start(*arguments, stdout=writing)
    finally:
        os.close(writing)
    _, err = process.communicate(timeout=120)
    assert err == ""
    assert process.returncode in (0, 1)


@pytest.mark.skipif(os.name != "posix", reason="file descriptors of POSIX")
@pytest.mark.parametrize("closed", [(1,), (0, 1, 2)])
def test_no_standard_streams(closed: tuple[int, ...]) -> None:
    """As `>&-`: the program starts without them."""

    def close() -> None:
        for number in closed:
            os.close(number)

    process = start("verify", "doctor", "--paper", "two_stage", preexec_fn=close)
    _, err = process.communicate(timeout=120)
    assert "Traceback" not in err
    assert process.returncode in (0, 1, 2)
    assert err.count("\n") <= 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", LISTS, ids=" ".join)
def test_a_full_disk_behind_stdout_is_one_line(arguments: tuple[str, ...]) -> None:
    with open("/dev/full", "w") as full:
        process = start(*arguments, stdout=full)
        _, err = process.communicate(timeout=120)
    assert "Traceback" not in err
    assert (process.returncode, err.count("\n")) == (2, 1), err
    assert "No space left on device" in err


@pytest.mark.skipif(os.name != "posix", reason="terminals of POSIX")
@pytest.mark.parametrize("term", ["dumb", "", "no-such-terminal", "xterm-256color"])
def test_any_terminal_or_none(term: str) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("TERM", "COLUMNS", "LINES")} | {
        "TERM": term
    }
    process = start(
        "verify", "run", "--profile", "nothing", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        env=environment | {"COLUMNS": "1", "LANG": "C", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
        start_new_session=True,
    )  # fmt: skip
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out, err.count("\n")) == (2, "", 1)


def test_text_that_the_terminal_cannot_show_is_escaped(tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    own.write_text(CLAIM.format(more="").replace('"example"', "'gr\\xf6\\xdfer'"))
    process = start(
        "verify", "explain", "own.one", "--claims-file", str(own), stdout=subprocess.PIPE,
        env={**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )  # fmt: skip
    out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    assert "gr\\xf6\\xdfer" in out


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("after", [0.0, 0.3, 1.0, 2.0])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["int", "term"])
def test_a_signal_at_any_time_is_no_traceback(after: float, number: signal.Signals, tmp_path: Path) -> None:
    process = start(
        "verify", "run", "--profile", "quick", "--jobs", "1", "--out", str(tmp_path / "report"),
        "--resume", str(tmp_path / "kept"), "--claims", "two_stage.closure",
        stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    time.sleep(after)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    if after >= 1.0 or number == signal.SIGTERM:  # before, Python itself is still starting
        assert "Traceback" not in err, err
    assert process.returncode in (130, -number, 1)
    assert not (tmp_path / "report").exists()
