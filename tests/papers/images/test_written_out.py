"""The small network with its gradient written out is torch's network."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from papers.images.cases import stripes
from simulation.images import Recipe, flip, train_tasks
from simulation.images.nets.build import build_net
from simulation.images.nets.written_out import WrittenCNN, bordered
from simulation.images.task import task_of
from simulation.images.together import train_together

# Even and odd sides, one and three channels; 130 images are more than are passed through at once.
CASES = [((1, 8, 8), 2, 32), ((3, 13, 10), 3, 9), ((1, 16, 16), 5, 130), ((2, 7, 5), 4, 64)]


def network(shape: tuple[int, int, int], classes: int, count: int):
    net = build_net("cnn", shape, classes, 3)
    draws = torch.Generator().manual_seed(1)
    # Few values, so that the largest of a square is often not alone.
    x = torch.randint(-1, 2, (count, *shape), generator=draws).float()
    labels = torch.randint(0, classes, (count,), generator=draws)
    return net, WrittenCNN({name: w.numpy() for name, w in net.state_dict().items()}, shape), x, labels


@pytest.mark.parametrize(("shape", "classes", "count"), CASES)
def test_outputs_and_gradients_are_torch_s(shape: tuple[int, int, int], classes: int, count: int) -> None:
    net, written, x, labels = network(shape, classes, count)
    out = net(x)
    images = bordered(x.numpy())
    np.testing.assert_allclose(written.outputs(images), out.detach().numpy(), rtol=1e-5, atol=1e-6)
    expected = torch.autograd.grad(F.cross_entropy(out, labels), list(net.parameters()))
    found = written.gradient(images, labels.numpy())
    for (name, _), theirs in zip(net.named_parameters(), expected, strict=True):
        assert theirs.any()
        np.testing.assert_allclose(found[name], theirs.numpy(), rtol=1e-4, atol=1e-7, err_msg=name)


@pytest.mark.parametrize(("shape", "classes", "count"), CASES)
def test_weights_come_back_as_they_went_in(shape: tuple[int, int, int], classes: int, count: int) -> None:
    net, written, _, _ = network(shape, classes, count)
    back = written.state()
    assert list(back) == list(net.state_dict())
    for name, w in net.state_dict().items():
        np.testing.assert_array_equal(back[name], w.numpy(), err_msg=name)


def test_steps_are_those_of_sgd_with_momentum() -> None:
    net, written, x, labels = network((1, 8, 8), 3, 40)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    images = bordered(x.numpy())
    for step in range(12):
        of = torch.arange(step, 40, 2)
        optimizer.zero_grad()
        F.cross_entropy(net(x[of]), labels[of]).backward()
        optimizer.step()
        written.step(images[of.numpy()], labels[of].numpy(), 0.1, 0.9)
    for name, w in net.state_dict().items():
        np.testing.assert_allclose(written.state()[name], w.numpy(), rtol=1e-3, atol=2e-6, err_msg=name)


def test_a_kept_network_gives_the_recorded_predictions() -> None:
    """`keep` is handed every network as it is at that evaluation, not the first or the last."""
    tasks = [task_of(flip(stripes(), 0.2, seed=s), seed=s) for s in (0, 1)]
    kept = {}

    def keep(step: int, net_of) -> None:
        kept[step] = [net_of(r)(torch.from_numpy(task.x)).argmax(1).numpy() for r, task in enumerate(tasks)]

    runs = train_tasks(tasks, Recipe("cnn", steps=25), [0, 1], keep=keep)
    for r, run in enumerate(runs):
        for at, step in enumerate(run.steps):
            np.testing.assert_array_equal(kept[int(step)][r], run.predictions[at])


@pytest.mark.filterwarnings("error")
def test_a_network_that_diverges_is_told_and_hurts_no_other() -> None:
    tasks = [task_of(stripes(), seed=s) for s in (0, 1)]
    with torch.no_grad():
        bad = train_tasks(tasks, Recipe("cnn", lr=1e30, steps=10), [0, 1])
    assert all("not finite at step" in run.failed for run in bad)


def test_the_number_of_threads_changes_no_bit() -> None:
    from threadpoolctl import threadpool_limits

    task = task_of(flip(stripes(), 0.2, seed=1), seed=1)
    runs = []
    for threads in (1, 4):
        with threadpool_limits(threads):
            runs += train_together([task], Recipe("cnn", steps=25, batch=0), [1])
    np.testing.assert_array_equal(runs[0].margins, runs[1].margins)


def test_of_equal_values_in_a_square_the_first_is_followed() -> None:
    from simulation.images.nets.loops import NOWHERE, pool

    # (B, C, H, W); the last column is in no square.
    values = torch.randint(-1, 2, (6, 3, 2, 5), generator=torch.Generator().manual_seed(2)).float()
    expected, flat = F.max_pool2d(values, 2, return_indices=True)
    pooled, which = np.zeros((6, 1, 2, 3), np.float32), np.zeros((6, 1, 2, 3), np.uint8)
    pool(values.permute(0, 2, 3, 1).numpy().copy(), np.zeros(3, np.float32), 0, pooled, which)
    np.testing.assert_array_equal(pooled, expected.relu().permute(0, 2, 3, 1).numpy())
    places = (flat // 5 % 2 * 2 + flat % 5 % 2).where(expected > 0, torch.tensor(NOWHERE))
    np.testing.assert_array_equal(which, places.permute(0, 2, 3, 1).numpy())
