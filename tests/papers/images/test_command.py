"""The commands on images: outputs, resuming, one-line errors, a folder of a user's own."""

from __future__ import annotations

import csv
import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from papers.images.cases import stripes
from simulation.images.command import answer, make_runs, run_one
from simulation.images.errors import DataError
from simulation.images.request import request_of
from verify.judge import judge_runs

pytest.importorskip("torch")

main = partial(answer, judge=judge_runs)


@pytest.fixture
def data(tmp_path: Path) -> str:
    images = stripes(240)
    np.savez(tmp_path / "d.npz", x=images.x, y=images.y)
    return f"npz:{tmp_path / 'd.npz'}"


SHORT = ["--model", "mlp", "--steps", "60", "--flip", ".2"]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_report_of_several_runs(data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    status = main(["--data", data, *SHORT, "--seeds", "3", "--out", str(out), "--attribution", "gradient"])
    said = capsys.readouterr().out
    assert status in (0, 1)
    assert "Stage I" in said.splitlines()[0]
    assert "in logits" in said
    names = {p.name for p in out.iterdir()}
    assert names >= {
        "report.html",
        "report.md",
        "claims.json",
        "curves.csv",
        "samples.csv",
        "stops.csv",
        "selected_indices.txt",
    }
    figures = {p.stem for p in (out / "figures").iterdir()}
    assert figures == {"curves", "losses", "ranking", "against_rate", "memorised_last", "doubted", "maps"}
    assert {r["rule"] for r in rows(out / "stops.csv")} == {"acc", "val", "oracle", "end"}
    samples = rows(out / "samples.csv")
    assert len(samples) == 3 * 144
    assert any(r["observed"] != r["true"] for r in samples)
    one = [r for r in samples if r["seed"] == "0"]
    assert sorted(int(r["suspicion_rank"]) for r in one) == list(range(1, 145))
    kept = (out / "selected_indices.txt").read_text().split()
    assert kept == [r["index"] for r in one if float(r["loss_at_stop"]) < np.log(2)]
    claims = json.loads((out / "claims.json").read_text())
    assert {"images.order", "images.selection"} <= {c["id"] for c in claims}
    assert 'src="data:image/png' in (out / "report.html").read_text()
    assert "http" not in (out / "report.html").read_text()


def test_resuming_reuses_runs(data: str, tmp_path: Path) -> None:
    argv = ["--data", data, *SHORT, "--resume", str(tmp_path / "kept")]
    first = make_runs(request_of([*argv, "--seeds", "2"]))
    kept = sorted((tmp_path / "kept").iterdir())
    assert len(kept) == 2
    stamps = [p.stat().st_mtime_ns for p in kept]
    again = make_runs(request_of([*argv, "--seeds", "3"]))
    assert [p.stat().st_mtime_ns for p in kept] == stamps
    for a, b in zip(first, again[:2], strict=True):
        np.testing.assert_array_equal(a.losses, b.losses)
    kept[0].write_bytes(b"damaged")
    np.testing.assert_array_equal(make_runs(request_of([*argv, "--seeds", "2"]))[0].losses, first[0].losses)
    other = make_runs(request_of([*argv, "--seeds", "2", "--lr", ".01"]))
    assert not np.array_equal(other[0].losses, first[0].losses)


def test_one_run(data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_one(["--data", data, *SHORT, "--seed", "3", "--plot", str(tmp_path / "p.png")]) == 0
    assert (tmp_path / "p.png").read_bytes()[:4] == b"\x89PNG"
    assert "Stop at step" in capsys.readouterr().out


def test_no_flips(data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(
        [
            "--data",
            data,
            "--model",
            "mlp",
            "--steps",
            "30",
            "--flip",
            "0",
            "--seeds",
            "2",
            "--out",
            str(tmp_path / "o"),
        ]
    )
    assert "no noisy image" in capsys.readouterr().out
    assert not rows(tmp_path / "o" / "stops.csv")


def test_plan_trains_nothing(data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", data, "--plan", "--out", str(tmp_path / "o")]) == 0
    said = capsys.readouterr().out
    assert "428 images; 36 are too few" in said
    assert "forecast" in said
    assert not (tmp_path / "o").exists()


def test_observed_labels(data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = stripes(240)
    wrong = np.random.default_rng(0).random(240) < 0.15
    np.save(tmp_path / "o.npy", np.where(wrong, 1 - images.y, images.y))
    argv = [
        "--data",
        data,
        "--observed",
        str(tmp_path / "o.npy"),
        "--model",
        "mlp",
        "--steps",
        "60",
        "--seeds",
        "2",
    ]
    main([*argv, "--out", str(tmp_path / "o")])
    assert "those of your file" in capsys.readouterr().out
    flipped = {r["index"] for r in rows(tmp_path / "o" / "samples.csv") if r["observed"] != r["true"]}
    assert flipped <= {str(i) for i in np.flatnonzero(wrong)}


def test_a_users_own_network(data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "net.py").write_text(
        "import torch\ndef build(c, h, w, k):\n"
        "    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(c * h * w, k))\n"
    )
    assert run_one(["--data", data, "--model", f"{tmp_path / 'net.py'}:build", "--steps", "20"]) == 0
    (tmp_path / "bad.py").write_text(
        "def build(c, h, w, k):\n    raise RuntimeError('no')\nraise OSError('broken')\n"
    )
    with pytest.raises(DataError, match="does not import: OSError: broken"):
        request_of(["--data", data, "--model", f"{tmp_path / 'bad.py'}:build"])
    with pytest.raises(DataError, match="has no function other"):
        request_of(["--data", data, "--model", f"{tmp_path / 'net.py'}:other"])


def test_own_labels_with_errors_and_without(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """300 images in two folders, 15 % in the wrong one: which labels look wrong, where to stop. And none
    wrong."""
    pil = pytest.importorskip("PIL.Image")
    images = stripes(300, side=8)
    wrong = np.random.default_rng(1).random(300) < 0.15
    for name, flips in (("noisy", wrong), ("right", np.zeros(300, dtype=bool))):
        for c in "ab":
            (tmp_path / name / c).mkdir(parents=True)
        for i in range(300):
            label = images.y[i] ^ int(flips[i])
            pil.fromarray((255 * images.x[i, 0] / images.x.max()).astype(np.uint8)).save(
                tmp_path / name / "ab"[label] / f"{i:03}.png"
            )
        out = tmp_path / f"{name}_out"
        argv = [
            "--data",
            f"folder:{tmp_path / name}",
            "--size",
            "8",
            "--mode",
            "L",
            "--model",
            "mlp",
            "--probe-flip",
        ]
        assert main([*argv, "--plan"]) == 0
        assert "% of the probes: a Stage I is forecast" in capsys.readouterr().out
        assert main([*argv, "--out", str(out)]) == 0
        said = capsys.readouterr().out
        assert "Not testable" in "\n".join(said.splitlines()[:10])
        listed = [int(Path(r["file"]).stem) for r in rows(out / "suspects.csv")]
        assert all((tmp_path / name / r["file"]).is_file() for r in rows(out / "suspects.csv"))
        assert {p.name for p in out.iterdir()} >= {"audit.html", "audit.json", "curves.csv", "figures"}
        if name == "noisy":
            assert said.startswith("SPREAD")
            assert "Stop at step" in said
            assert wrong[listed].mean() >= 0.8
            assert wrong[listed].sum() >= 0.8 * wrong.sum()
        else:
            assert said.startswith("FEW")
            assert "Do not stop early, drop nothing" in said
            assert "clean" not in said.lower()


@pytest.mark.parametrize(
    ("argv", "match"),
    [
        (["--data", "svhn"], "--data must be one of digits"),
        (["--data", "idx:nowhere"], "no such folder: nowhere"),
        (["--flip", ".5"], r"--flip must lie in \[0, 0.5\)"),
        (["--flip", "a"], "--flip must be a rate"),
        (["--flip", ".1,.2,.3"], "gave 3"),
        (["--flip-kind", "odd"], "--flip-kind"),
        (["--classes", "3,x"], "class 'x' is not in the data"),
        (["--model", "lenet"], "--model must be one of"),
        (["--model", "none.py:f"], "no such Python file"),
        (["--batch", "0"], "--batch must be at least 1"),
        (["--batch", "x"], "--batch must be a whole number"),
        (["--lr", "0"], "--lr must be > 0"),
        (["--steps", "0"], "--steps must be at least 1"),
        (["--val", ".9"], "--val must lie in"),
        (["--seeds", "0"], "--seeds must be at least 1"),
        (["--probe-flip", ".9"], "--probe-flip must lie in"),
        (["--probe-flip", "--flip", ".1"], "--flip goes neither"),
        (["--matched"], "goes with --probe-flip"),
        (["--nonsense"], "unrecognized arguments"),
        (["--attribution", "shap"], "shap"),
    ],
    ids=" ".join,
)
def test_wrong_input_is_one_line(argv: list[str], match: str) -> None:
    pytest.importorskip("sklearn")
    if argv[:2] == ["--attribution", "shap"]:
        import importlib.util

        if importlib.util.find_spec("shap") is not None:
            pytest.skip("shap is installed")
    with pytest.raises(DataError, match=match) as caught:
        request_of(argv)
    assert "\n" not in str(caught.value)


def test_an_unwritable_folder(data: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="--out must be a folder"):
        main(["--data", data, "--out", str(tmp_path / "file")])


def test_the_papers_pair_from_a_local_binary_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airplanes and automobiles, VGG, two flips in ten, from a small archive of CIFAR-10's binary form."""
    from functools import partial

    from papers.images import files
    from simulation.images.sources import cifar

    monkeypatch.setattr(cifar, "load_cifar10", partial(cifar.load_cifar10, records=60))
    packed = files.tar_of(
        files.write_cifar10(tmp_path / "c", records=60), tmp_path / "cifar-10-binary.tar.gz"
    )
    argv = ["--data", f"cifar10:{packed}", "--classes", "airplane,automobile", "--model", "vgg11"]
    argv += ["--optimizer", "adam", "--lr", ".0012", "--flip", ".2", "--batch", "12", "--steps", "2"]
    out = tmp_path / "o"
    assert main([*argv, "--seeds", "1", "--device", "cpu", "--out", str(out)]) in (0, 1)
    said = capsys.readouterr().out
    assert "Stage I" in said
    samples = rows(out / "samples.csv")
    assert {r["observed"] for r in samples} == {"airplane", "automobile"}
    assert len(samples) == 48  # 60 of the pair, a fifth of them for validation, the test batch apart
    assert any(r["observed"] != r["true"] for r in samples)
    cut = tmp_path / "cut.tar.gz"
    cut.write_bytes(packed.read_bytes()[:-200])
    with pytest.raises(DataError, match="truncated"):
        main([*argv[2:], "--data", f"cifar10:{cut}", "--out", str(tmp_path / "none")])
    assert not (tmp_path / "none").exists()


def test_a_matched_second_round_follows_unlike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each class mistaken for the next: uniform probes say `unlike`, matched ones give a rate again."""
    from simulation.images import flip

    images = flip(stripes(600, k=3, seed=1), 0.25, "pair", 1)
    np.savez(tmp_path / "d.npz", x=images.x, y=images.labels)
    argv = ["--data", f"npz:{tmp_path / 'd.npz'}", "--model", "mlp", "--steps", "1200", "--probe-flip"]
    assert main([*argv, "--matched", "--out", str(tmp_path / "o")]) == 0
    said = capsys.readouterr().out
    assert "Within each pair of classes, wrong labels behave" in said
    found = json.loads((tmp_path / "o" / "audit.json").read_text())
    assert found["matched"]
    assert found["flip_rate"]["low"] > 0.05
    assert found["flip_rate"]["high"] < 0.4
