"""Attribution maps: their sums, their agreement with shap where it is installed, the report."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from papers.images.cases import stripes
from simulation.images import flip, train_tasks
from simulation.images.attribution import cosines, expected_gradients, logit_gap
from simulation.images.task import Recipe, task_of

torch = pytest.importorskip("torch")

needs_shap = pytest.mark.skipif(
    importlib.util.find_spec("shap") is None,
    reason="not applicable: shap, the extra `attribution`, is not installed",
)


def trained(k: int = 2, model: str = "cnn"):
    """A small network trained on stripes, at the end, with its task."""
    task = task_of(flip(stripes(60 * k, side=8, k=k), 0.2, "symmetric", 0), seed=0)
    nets = []
    train_tasks(
        [task], Recipe(model, steps=60), [0], device="cpu",
        keep=lambda step, net_of: nets.append(net_of(0)) if step == 60 else None,
    )  # fmt: skip
    return nets[0].eval(), task


def test_a_linear_network_is_explained_exactly() -> None:
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 2)).eval()
    rng = np.random.default_rng(0)
    x, background = (rng.normal(size=(5, 1, 3, 4)).astype(np.float32) for _ in range(2))
    labels = np.array([0, 1, 1, 0, 1])
    maps, residual = expected_gradients(net, x, labels, background[:1], samples=7)
    assert np.abs(residual).max() < 1e-5
    w = (net[1].weight[1] - net[1].weight[0]).detach().numpy().reshape(1, 3, 4)
    sign = np.where(labels == 1, 1.0, -1.0)[:, None, None, None]
    np.testing.assert_allclose(maps, sign * w * (x - background[:1]), atol=1e-5)


def test_more_samples_miss_the_sum_by_less() -> None:
    net, task = trained()
    target = np.ones(20, dtype=np.int64)
    few, many = (
        np.abs(expected_gradients(net, task.x[:20], target, task.x[:50], samples=s)[1]).mean()
        for s in (5, 200)
    )
    assert many < few / 3


def test_the_gap_is_against_the_mean_of_the_others() -> None:
    outputs = torch.tensor([[1.0, 4.0, 7.0]])
    assert logit_gap(outputs, torch.tensor([0])).item() == 1 - 5.5
    assert cosines(np.eye(2)[None], np.zeros((1, 2, 2))).tolist() == [0.0]
    assert cosines(np.eye(2)[None], 3 * np.eye(2)[None]) == pytest.approx([1.0])


@needs_shap
@pytest.mark.parametrize(("model", "k", "least"), [("mlp", 2, 0.97), ("mlp", 3, 0.97), ("cnn", 2, 0.7)])
def test_shap_adds_up_and_agrees(model: str, k: int, least: float) -> None:
    """Both follow paths from the background; they part where max-pooling chooses another pixel on the way."""
    from simulation.images.deep_maps import deep_maps

    net, task = trained(k, model)
    x, labels = task.x[:20], task.labels[:20]
    deep, residual = deep_maps(net, x, labels, task.x[:50])
    assert np.abs(residual).max() < 1e-4
    own, _ = expected_gradients(net, x, labels, task.x[:50], samples=200)
    assert np.median(cosines(deep, own)) > least
    swapped, _ = deep_maps(net, x, (labels + 1) % k, task.x[:50])
    assert np.median(cosines(swapped, own)) < 0.2


@needs_shap
def test_shap_on_functional_activations_does_not_add_up() -> None:
    from simulation.images.deep_maps import deep_maps

    class Hidden(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = torch.nn.Linear(64, 32), torch.nn.Linear(32, 2)

        def forward(self, x):
            return self.second(5 * torch.nn.functional.relu(self.first(x.flatten(1))))

    torch.manual_seed(0)
    _, task = trained()
    _, residual = deep_maps(Hidden(), task.x[:20], task.labels[:20], task.x[:50])
    assert np.abs(residual).max() > 1e-2


@needs_shap
def test_the_report_says_what_made_the_maps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from simulation.images.command import answer
    from verify.judge import judge_runs

    images = stripes(240, side=8)
    np.savez(tmp_path / "d.npz", x=images.x, y=images.y)
    (tmp_path / "net.py").write_text(
        "import torch\nclass Net(torch.nn.Module):\n"
        "    def __init__(self, d, k):\n        super().__init__()\n"
        "        self.a, self.b = torch.nn.Linear(d, 32), torch.nn.Linear(32, k)\n"
        "    def forward(self, x):\n        return self.b(torch.relu(self.a(x.flatten(1))))\n"
        "def build(c, h, w, k):\n    return Net(c * h * w, k)\n"
    )
    for model, said in (
        ("cnn", "by shap's DeepExplainer"),
        (f"{tmp_path / 'net.py'}:build", "did not add up"),
    ):
        argv = ["--data", f"npz:{tmp_path / 'd.npz'}", "--steps", "60", "--seeds", "1", "--model", model]
        answer([*argv, "--attribution", "shap", "--out", str(tmp_path / "o")], judge_runs)
        assert said in capsys.readouterr().out
        assert (tmp_path / "o" / "figures" / "maps.png").is_file()
