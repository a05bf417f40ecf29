"""The CIFAR-10 path on a tiny file of the same format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from simulation.early_learning.cifar import (
    CifarLog,
    Schedule,
    main,
    noisy,
    read_cifar10,
    resnet34,
    train_cifar10,
)


def write(folder: Path, name: str, labels: list[int], seed: int) -> None:
    """A binary batch: a label byte and 3,072 bytes of a picture that shows the label."""
    rng = np.random.default_rng(seed)
    rows = []
    for label in labels:
        picture = rng.integers(0, 40, (3, 32, 32)) + 20 * label
        rows.append(np.concatenate([[label], picture.reshape(-1)]).astype(np.uint8))
    np.concatenate(rows).tofile(folder / name)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    write(tmp_path, "data_batch_1.bin", [k % 10 for k in range(30)], 0)
    write(tmp_path, "data_batch_2.bin", [k % 10 for k in range(20)], 1)
    write(tmp_path, "test_batch.bin", [k % 10 for k in range(20)], 2)
    return tmp_path


def test_files_are_read_as_they_were_written(tiny: Path) -> None:
    data = read_cifar10(tiny)
    assert data.train.shape == (50, 3, 32, 32)
    assert data.labels.tolist() == [k % 10 for k in range(30)] + [k % 10 for k in range(20)]
    assert 180 <= int(data.train[9].min()) <= int(data.train[9].max()) < 220


def test_damaged_files_are_named(tiny: Path) -> None:
    whole = (tiny / "data_batch_2.bin").read_bytes()
    (tiny / "data_batch_2.bin").write_bytes(whole[:-5])
    with pytest.raises(ValueError, match=r"data_batch_2.bin must hold records"):
        read_cifar10(tiny)
    (tiny / "data_batch_2.bin").write_bytes(b"\x0b" + whole[1:])
    with pytest.raises(ValueError, match=r"data_batch_2.bin must hold labels"):
        read_cifar10(tiny)
    (tiny / "test_batch.bin").unlink()
    with pytest.raises(ValueError, match="must hold data_batch"):
        read_cifar10(tiny)


def test_noise_of_both_kinds() -> None:
    labels = np.arange(5000) % 10
    symmetric = noisy(labels, 0.4, "symmetric", 0)
    assert np.mean(symmetric != labels) == pytest.approx(0.36, abs=0.02)
    pairs = noisy(labels, 0.4, "asymmetric", 0)
    for source, goal in ((9, 1), (2, 0), (4, 7), (3, 5), (5, 3)):
        chosen = pairs[labels == source]
        assert np.sum(chosen == goal) == 200
        assert np.sum(chosen == source) == 300
    for clean in (0, 1, 6, 7, 8):
        assert np.all(pairs[labels == clean] == clean)
    with pytest.raises(ValueError, match="rate must lie"):
        noisy(labels, 1.0, "symmetric", 0)


def test_the_network_is_resnet_34() -> None:
    net = resnet34()
    assert sum(p.numel() for p in net.parameters()) == 21_282_122
    assert net(torch.zeros(2, 3, 32, 32)).shape == (2, 10)


@pytest.mark.slow
@pytest.mark.parametrize(("lam", "schedule"), [(0.0, "steps"), (3.0, "steps"), (3.0, "cosine")])
def test_training_runs_through(tiny: Path, lam: float, schedule: Schedule) -> None:
    def trained() -> CifarLog:
        return train_cifar10(
            tiny, lam=lam, epochs=3, schedule=schedule, milestones=(2,), batch=10, width=4, device="cpu"
        )

    log = trained()
    assert len(log.test) == len(log.memorised) == len(log.corrected) == 3
    assert trained().test == log.test


def test_the_command_trains_and_refuses(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--epochs", "2", "--width", "2", "--batch", "25", "--device", "cpu"]
    assert main([str(tiny), *small]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["epoch", "1", "2"]
    assert main([str(tiny), *small, "--rate", "0"]) == 0
    assert "nan" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="2"):
        main([str(tiny / "nowhere"), *small])
    assert "must hold data_batch" in capsys.readouterr().err
