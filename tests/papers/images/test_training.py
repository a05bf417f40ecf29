"""Training: evaluation mode, streams, side by side as alone, symmetries, failures."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from papers.images.cases import stripes
from simulation.images import Recipe, flip, train_images, train_tasks
from simulation.images.alone import _descent, evaluate, train_alone
from simulation.images.errors import DataError
from simulation.images.nets.build import NETS, build_net
from simulation.images.run import margins_and_losses
from simulation.images.schedule import evaluation_steps
from simulation.images.task import batch_indices, task_of

torch = pytest.importorskip("torch")

SHORT = Recipe("cnn", steps=25)


def tasks(count: int, tau: float = 0.2):
    images = stripes()
    return [task_of(flip(images, tau, seed=s), seed=s) for s in range(count)]


def same(a, b, *names: str) -> None:
    for name in names or ("losses", "margins", "predictions", "test_accuracy", "val_accuracy"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


def test_side_by_side_is_as_alone_to_the_last_bit() -> None:
    many = train_tasks(tasks(5), SHORT, range(5))
    for seed in (0, 3):
        same(many[seed], train_tasks([tasks(5)[seed]], SHORT, [seed])[0])


def test_side_by_side_agrees_with_a_plain_loop() -> None:
    """The reference: one network, torch's own layers and SGD."""
    task = tasks(2)[1]
    side = train_tasks([task], SHORT, [1])[0]
    plain = train_alone(task, SHORT, 1)
    np.testing.assert_allclose(side.losses, plain.losses, rtol=2e-3, atol=2e-4)
    np.testing.assert_array_equal(side.steps, plain.steps)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_steps_are_those_of_torchs_sgd(momentum: float) -> None:
    """The written step against the class, also where a layer is frozen."""
    ends = []
    for ours in (True, False):
        net = build_net("cnn", (1, 8, 8), 2, seed=5)
        parameters = list(net.parameters())
        parameters[0].requires_grad_(False)
        recipe = Recipe("cnn", lr=0.1, momentum=momentum)
        step = _descent(recipe, parameters) if ours else torch.optim.SGD(parameters, 0.1, momentum).step
        for k in range(4):
            net.zero_grad()
            net(torch.full((3, 1, 8, 8), 0.1 * k)).square().sum().backward()
            step()
        ends.append([p.detach().numpy().copy() for p in parameters])
    for one, other in zip(*ends, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_same_seed_same_bytes(optimizer: str) -> None:
    images = flip(stripes(), 0.2, seed=3)
    a, b = (train_images(images, "mlp", seed=3, optimizer=optimizer, steps=20, lr=0.01) for _ in range(2))
    same(a, b)
    other = train_images(images, "mlp", seed=4, optimizer=optimizer, steps=20, lr=0.01)
    assert not np.array_equal(a.losses[0], other.losses[0])


def test_global_generators_are_left_alone() -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    train_images(stripes(), "mlp", steps=3)
    assert torch.equal(torch.rand(3), expected)


class Dropped(torch.nn.Module):
    """A network that behaves differently in training mode."""

    def __init__(self, channels: int, height: int, width: int, classes: int) -> None:
        super().__init__()
        self.norm = torch.nn.BatchNorm2d(channels)
        self.drop = torch.nn.Dropout(0.5)
        self.out = torch.nn.Linear(channels * height * width, classes)

    def forward(self, x):
        return self.out(self.drop(self.norm(x).flatten(1)))


def test_records_are_made_in_evaluation_mode() -> None:
    """What is recorded is the network in evaluation mode; its training mode would give other numbers."""
    task = tasks(1)[0]
    kept = {}

    def keep(step: int, net_of) -> None:
        net = net_of(0)
        assert net.training
        kept[step] = (evaluate(net, torch.from_numpy(task.x)), net(torch.from_numpy(task.x)).detach().numpy())

    run = train_alone(task, replace(SHORT, model=Dropped), 0, keep=keep)
    for at, step in enumerate(run.steps):
        right, wrong = kept[int(step)]
        np.testing.assert_allclose(
            run.losses[at], margins_and_losses(right, task.labels)[1], rtol=1e-5, atol=1e-6
        )
        assert not np.allclose(run.losses[at], margins_and_losses(wrong, task.labels)[1], rtol=1e-2)


def test_test_labels_stay_true_and_validation_labels_are_observed() -> None:
    images = stripes(400)
    noisy = flip(images, 0.3, seed=0)
    task = task_of(noisy, seed=0)
    np.testing.assert_array_equal(task.y_test, task_of(images, seed=0).y_test)
    assert (task.labels_val != task_of(images, seed=0).labels_val).any()


def test_no_noise_has_no_noisy_image() -> None:
    run = train_images(stripes(), "mlp", steps=5)
    assert not run.noisy.any()


def test_renaming_classes_changes_nothing_but_names() -> None:
    images = flip(stripes(), 0.2, seed=0)
    renamed = replace(images, class_names=("x", "y"), digest="")
    same(train_images(images, "mlp", steps=10), train_images(renamed, "mlp", steps=10))


def test_paper_network_is_odd_in_the_labels() -> None:
    """Exchanging the two classes and the two sides of the weights leaves all margins as they are."""
    task = tasks(1)[0]
    turned = replace(
        task, y=1 - task.y, labels=1 - task.labels, labels_val=1 - task.labels_val, y_test=1 - task.y_test
    )
    recipe = Recipe("paper", steps=10, lr=1.0, momentum=0.0, batch=0)
    a = train_alone(task, recipe, 0)
    net_of = build_net("paper", task.shape, 2, 0)

    def swapped(c: int, h: int, w: int, k: int):
        net = build_net("paper", (c, h, w), k, 0)
        with torch.no_grad():
            net.filters.copy_(net_of.filters.flip(0))
        return net

    b = train_alone(turned, replace(recipe, model=swapped), 0)
    np.testing.assert_allclose(a.margins, b.margins, rtol=1e-4, atol=1e-6)


def test_losses_and_margins() -> None:
    rng = np.random.default_rng(0)
    z, labels = 5 * rng.standard_normal((4, 6, 3)), rng.integers(0, 3, 6)
    margins, losses, predicted = margins_and_losses(z, labels)
    expected = torch.nn.functional.cross_entropy(
        torch.from_numpy(z).reshape(-1, 3), torch.from_numpy(np.tile(labels, 4)), reduction="none"
    )
    np.testing.assert_allclose(losses.ravel(), expected.numpy(), rtol=1e-12)
    np.testing.assert_array_equal(margins > 0, predicted == labels)
    two = margins_and_losses(z[..., :2], labels % 2)
    np.testing.assert_allclose(two[1], np.logaddexp(0, -two[0]))
    assert np.isfinite(margins_and_losses(np.array([[1e4, -1e4]]), np.array([1]))[1]).all()


def test_batches_see_every_image_equally_often() -> None:
    flow = batch_indices(10, 4, 25, seed=0)
    assert flow.shape == (25, 4)
    for epoch in range(10):
        assert sorted(flow.ravel()[10 * epoch : 10 * epoch + 10]) == list(range(10))
    np.testing.assert_array_equal(batch_indices(10, 0, 2, 0), np.tile(np.arange(10), (2, 1)))


def test_evaluation_steps() -> None:
    steps = evaluation_steps(1000, 1.1)
    assert steps[0] == 0
    assert steps[-1] == 1000
    assert (np.diff(steps) >= 1).all()
    assert max(b / a for a, b in pairwise(steps) if a > 12) <= 1.1 + 1e-9
    for wrong in ((0, 1.1), (5, 1.0), (5, 3.0)):
        with pytest.raises(ValueError):
            evaluation_steps(*wrong)


def test_a_run_that_blows_up_is_kept_as_failed() -> None:
    bad, good = train_tasks(tasks(2), Recipe("mlp", lr=1e30, steps=10), [0, 1])
    assert "not finite at step" in bad.failed
    assert "lr 1e+30" in bad.failed
    assert np.isnan(bad.losses[-1]).all()
    assert good.failed


@pytest.mark.parametrize("name", NETS)
def test_networks_have_an_output_a_class(name: str) -> None:
    shape = (3, 32, 32) if name in ("vgg11", "resnet18") else (1, 8, 8)
    k = 2 if name == "paper" else 5
    net = build_net(name, shape, k, seed=0)
    again = build_net(name, shape, k, seed=0)
    assert all(
        torch.equal(a, b) for a, b in zip(net.state_dict().values(), again.state_dict().values(), strict=True)
    )
    with torch.no_grad():
        assert net.eval()(torch.zeros(2, *shape)).shape == (2, k)
    relus = [m for m in net.modules() if isinstance(m, torch.nn.ReLU)]
    assert all(not m.inplace for m in relus)


def test_sizes_of_deep_networks() -> None:
    """Parameters as published: VGG-11 with two hidden layers of 4,096; ResNet-18 in CIFAR form, 11.2
    million."""
    count = {
        n: sum(p.numel() for p in build_net(n, (3, 32, 32), 10, 0).parameters())
        for n in ("vgg11", "resnet18")
    }
    assert count["vgg11"] == 9_220_480 + (512 * 4096 + 4096) + (4096 * 4096 + 4096) + (4096 * 10 + 10)
    assert count["resnet18"] == 11_173_962


def test_networks_refused() -> None:
    with pytest.raises(DataError, match="at least 32x32"):
        build_net("vgg11", (1, 8, 8), 2, 0)
    with pytest.raises(DataError, match="must be one of"):
        build_net("lenet", (1, 8, 8), 2, 0)
    with pytest.raises(DataError, match=r"outputs of shape \(images, 2\)"):
        build_net(lambda c, h, w, k: torch.nn.Flatten(), (1, 8, 8), 2, 0)
    for wrong, match in (
        ({"lr": 0.0}, "--lr"),
        ({"momentum": 1.0}, "--momentum"),
        ({"steps": 0}, "--steps"),
        ({"optimizer": "lion"}, "--optimizer"),
    ):
        with pytest.raises(DataError, match=match):
            Recipe(**wrong)


@pytest.mark.parametrize("name", ["vgg11", "resnet18"])
@pytest.mark.slow
def test_deep_networks_train_alone(name: str) -> None:
    rng = np.random.default_rng(0)
    images = stripes(60)
    x = np.repeat(np.repeat(np.repeat(images.x, 3, axis=1), 6, axis=2), 6, axis=3)[:, :, :32, :32]
    wide = replace(images, x=(x + 0.01 * rng.random(x.shape)).astype(np.float32), digest="")
    run = train_images(flip(wide, 0.1, seed=0), name, steps=2, batch=8, lr=0.01)
    assert not run.failed
    assert run.losses.shape == (3, run.n)
