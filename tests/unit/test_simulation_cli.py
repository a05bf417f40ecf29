"""`python -m simulation`: sensible defaults, one line and status 2 for wrong input, files whole or absent."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simulation.console import run_app
from simulation.two_stage.cli import app
from simulation.two_stage.training import train
from theory.two_stage.setting import Setting

SMALL = ["--n", "6", "--d", "60", "--m", "2", "--steps", "12"]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command line in this process: (exit status, stdout, stderr)."""

    def call(*argv: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            run_app(app, "simulation", argv)
        out, err = capsys.readouterr()
        status = stop.value.code
        return (0 if status is None else int(status)), out, err

    return call


Cli = Callable[..., tuple[int, str, str]]


def test_every_option_has_a_default(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, err = cli("run")
    assert (status, err) == (0, "")
    for wanted in (
        "n 100, d 1000000, m 20",
        "kappa_0 0.1",
        "240 steps = clock 12",
        "engine law, float64, seed 0",
    ):
        assert wanted in out
    for time in ("t_clean", "t_half", "t_all", "t_eps", "iid test error", "D_test error", "training loss"):
        assert time in out
    assert list(tmp_path.iterdir()) == []


def test_it_runs_as_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "simulation", "run", *SMALL, "--engine", "cnn"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "engine cnn" in done.stdout
    wrong = subprocess.run(
        [sys.executable, "-m", "simulation", "run", "--n", "1"], capture_output=True, text=True, check=False
    )
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr == "simulation: error: n must be at least 2, was 1\n"


WRONG = [
    (["--n", "1"], "n", "at least 2"),
    (["--n", "-5"], "n", "at least 2"),
    (["--n", "many"], "--n", "integer, was 'many'"),
    (["--n", "2.5"], "--n", "integer, was '2.5'"),
    (["--n=many"], "--n", "integer, was 'many'"),
    (["--d", "100"], "d", "at least n + 1 = 101"),
    (["--d", "0"], "d", "at least 1"),
    (["--d", "1" + 30 * "0"], "d", "at most 2^53"),
    (["--m", "0"], "m", "at least 1"),
    (["--sigma-xi", "0"], "sigma_xi", "> 0"),
    (["--sigma-xi", "-1"], "sigma_xi", "> 0"),
    (["--sigma-xi", "1e-200"], "sigma_xi", "1e-75"),
    (["--sigma-xi", "1e200"], "sigma_xi", "1e+75"),
    (["--n-snr2", "0"], "n_snr2", "> 0"),
    (["--n-snr2", "nan"], "n_snr2", "finite"),
    (["--tau-plus", "0.5"], "tau_plus", "[0, 1/2)"),
    (["--tau-plus", "nan"], "tau_plus", "[0, 1/2)"),
    (["--tau-minus", "-0.1"], "tau_minus", "[0, 1/2)"),
    (["--sigma-0", "0"], "sigma_0", "> 0"),
    (["--kappa-0", "inf"], "kappa_0", "finite"),
    (["--sigma-0", "1", "--kappa-0", "1"], "--sigma-0", "--kappa-0"),
    (["--clock-step", "0"], "clock_step", "> 0"),
    (["--clock-step", "nan"], "clock_step", "finite"),
    (["--steps", "0"], "--steps", "at least 1"),
    (["--steps", "-3"], "--steps", "at least 1"),
    (["--steps", "1000000001"], "--steps", "at most"),
    (["--clock", "0"], "--clock", "> 0"),
    (["--clock", "inf"], "--clock", "finite"),
    (["--clock", "nan"], "--clock", "finite"),
    (["--clock", "1e18"], "--clock", "at most"),
    (["--steps", "5", "--clock", "1"], "--steps", "--clock"),
    (["--seed", "-1"], "--seed", ">= 0"),
    (["--seed", "x"], "--seed", "integer, was 'x'"),
    (["--engine", "magic"], "engine", "cnn, reduced, law"),
    (["--engine", "cnn", "--d", "1000000000000"], "d", "law"),
    (["--device", "tpu"], "device", "auto, cpu or cuda"),
    (["--device", "tpu", "--engine", "cnn"], "device", "auto, cpu or cuda"),
    (["--dtype", "float16"], "dtype", "float64 or float32"),
    (["--plot", "run.txt"], "--plot", ".png, .svg, .pdf"),
    (["--plot", "no/such/folder/run.png"], "--plot", "no/such/folder"),
    (["--out", "run"], "--out", ".csv, .npz"),
    (["--out", "no/such/folder/run.npz"], "--out", "no/such/folder"),
    (["--out"], "--out", "argument"),
    (["--colour", "red"], "--colour", "No such option"),
    (["extra"], "extra", "unexpected"),
]


@pytest.mark.parametrize(
    ("options", "name", "allowed"), WRONG, ids=lambda x: " ".join(x) if isinstance(x, list) else ""
)
def test_a_wrong_option_ends_in_one_line_that_names_it(
    options: list[str], name: str, allowed: str, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, err = cli("run", *options)
    assert (status, out) == (2, "")
    assert err.endswith("\n")
    assert err.count("\n") == 1
    prefix = "simulation: error: "
    assert err.startswith(prefix)
    words = err.removeprefix(prefix).replace("'", " ").replace(":", " ").split()
    assert name in words, err
    assert allowed in err
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_command_ends_in_one_line(cli: Cli) -> None:
    status, out, err = cli("walk")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "walk" in err


def test_too_little_memory_ends_in_one_line(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise MemoryError("Unable to allocate 298 GiB")

    monkeypatch.setattr("simulation.two_stage.training.draw_geometry", refuse)
    status, out, err = cli("run")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "not enough memory" in err


# Files --------------------------------------------------------------------------------------------------


def test_arrays_are_those_of_the_run(cli: Cli, tmp_path: Path) -> None:
    target = tmp_path / "run.npz"
    status, out, _ = cli("run", *SMALL, "--seed", "4", "--out", str(target))
    assert status == 0
    assert str(target) in "".join(out.split("\n"))
    setting = Setting.from_n_snr2(
        n=6, d=60, m=2, n_snr2=8.0, tau_plus=0.1, tau_minus=0.1, kappa_0=0.1, clock_step=0.05
    )
    run = train(setting, steps=12, seed=4)
    with np.load(target) as arrays:
        assert set(arrays) == {
            "steps", "clock", "margins", "train_loss", "gamma", "rho", "y", "y_observed", "snapshot_steps",
        }  # fmt: skip
        for name in ("steps", "margins", "train_loss", "gamma", "y", "y_observed"):
            np.testing.assert_array_equal(arrays[name], getattr(run, name))
        assert run.rho is not None
        np.testing.assert_array_equal(arrays["rho"], run.rho[arrays["snapshot_steps"]])
        np.testing.assert_allclose(arrays["clock"], 0.05 * run.steps, rtol=1e-12)
    assert [p.name for p in tmp_path.iterdir()] == ["run.npz"]


@pytest.mark.parametrize("flips", ["0.3", "0"])
def test_the_table_summarises_the_run(flips: str, cli: Cli, tmp_path: Path) -> None:
    target = tmp_path / "run.CSV"
    status, _, _ = cli(
        "run", *SMALL, "--out", str(target), "--tau-plus", flips, "--tau-minus", flips, "--seed", "3"
    )
    assert status == 0
    table = pd.read_csv(target)
    assert table["step"].tolist() == list(range(13))
    setting = Setting.from_n_snr2(
        n=6, d=60, m=2, n_snr2=8.0, tau_plus=float(flips), tau_minus=float(flips), kappa_0=0.1,
        clock_step=0.05,
    )  # fmt: skip
    run = train(setting, steps=12, seed=3)
    clean = run.y == run.y_observed
    np.testing.assert_allclose(table["clean_margin_min"], run.margins[:, clean].min(axis=1), rtol=1e-12)
    if flips == "0":
        assert table["noisy_fit_fraction"].isna().all()
    else:
        assert not clean.all()
        fit = (run.margins[:, ~clean] > 0).mean(axis=1)
        np.testing.assert_allclose(table["noisy_fit_fraction"], fit, rtol=1e-12)


MAGIC = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


@pytest.mark.parametrize("suffix", MAGIC)
def test_a_picture_is_drawn(suffix: str, cli: Cli, tmp_path: Path) -> None:
    target = tmp_path / f"run.{suffix}"
    status, _, err = cli("run", *SMALL, "--plot", str(target))
    assert (status, err) == (0, "")
    assert target.read_bytes().startswith(MAGIC[suffix])
    assert target.stat().st_size > 5000
    assert [p.name for p in tmp_path.iterdir()] == [target.name]


def test_a_picture_needs_nothing_that_the_users_matplotlibrc_asks_for(tmp_path: Path) -> None:
    """LaTeX above all, which is not everywhere."""
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nfont.size: 400\nsavefig.format: nothing\n")
    command = [sys.executable, "-m", "simulation", "run", "--n", "20", "--clock", "2", "--plot"]
    environment = os.environ | {"MATPLOTLIBRC": str(tmp_path / "matplotlibrc"), "PATH": str(tmp_path)}
    done = subprocess.run(
        [*command, str(tmp_path / "run.png")], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run.png").read_bytes().startswith(b"\x89PNG")


def test_files_get_the_permissions_of_any_new_file(cli: Cli, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("")
    cli("run", *SMALL, "--out", str(tmp_path / "run.npz"))
    assert (tmp_path / "run.npz").stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize("before", [None, b"an older run"])
@pytest.mark.parametrize(
    ("option", "file", "writer"),
    [
        ("--out", "run.npz", "numpy.savez_compressed"),
        ("--out", "run.csv", "pandas.DataFrame.to_csv"),
        ("--plot", "run.png", "matplotlib.figure.Figure.savefig"),
    ],
)
def test_a_file_whose_writing_fails_is_left_as_it_was(
    option: str, file: str, writer: str, before: bytes | None, cli: Cli, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    target = tmp_path / file
    if before is not None:
        target.write_bytes(before)

    def half(*args: object, **_: object) -> None:
        path = next(x for x in args if isinstance(x, Path))
        path.write_bytes(b"half of the")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writer, half)
    status, _, err = cli("run", *SMALL, option, str(target))
    assert status == 2
    assert err.count("\n") == 1
    assert "No space left" in err
    assert [p.read_bytes() for p in tmp_path.iterdir()] == ([] if before is None else [before])


def test_a_file_is_replaced_rather_than_overwritten(cli: Cli, tmp_path: Path) -> None:
    """Whoever still reads the old file goes on reading it whole: another name of it keeps its content."""
    target, other = tmp_path / "run.csv", tmp_path / "other name"
    target.write_text("an older run")
    other.hardlink_to(target)
    assert cli("run", *SMALL, "--out", str(target))[0] == 0
    assert target.read_text().startswith("step,")
    assert other.read_text() == "an older run"


@pytest.mark.parametrize("good", [["--plot", "run.png"], ["--out", "run.npz"]])
def test_one_bad_file_name_stops_the_other_file_too(
    good: list[str], cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bad = "--out" if good[0] == "--plot" else "--plot"
    status, out, err = cli("run", *SMALL, *good, bad, "run.exe")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert bad in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permissions do not bind root")
def test_an_unwritable_folder_is_refused_before_the_run(cli: Cli, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        status, out, err = cli("run", *SMALL, "--out", str(tmp_path / "run.npz"))
    finally:
        tmp_path.chmod(0o700)
    assert (status, out, err.count("\n")) == (2, "", 1)


def test_a_folder_in_the_place_of_the_file_is_refused(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "run.npz").mkdir()
    status, _, err = cli("run", *SMALL, "--out", str(tmp_path / "run.npz"))
    assert (status, err.count("\n")) == (2, 1)
    assert "--out" in err
