"""The loss for PyTorch: Lemma 2 by autograd, its variants, its state, its checks, its step against the
engines."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from simulation.early_learning.elr_loss import ELRLoss, rest_of
from simulation.early_learning.problem import sample_problem
from simulation.early_learning.training import train
from theory.early_learning.setting import MixtureSetting


def lemma_2(p: Tensor, t: Tensor) -> Tensor:
    """Gradient of log(1 - <p, t>) in the logits, as the paper states it."""
    difference = t[:, None, :] - t[:, :, None]  # [i, c, k] = t_k - t_c
    total = (difference * p[:, None, :]).sum(dim=2)
    return p / (1 - (p * t).sum(dim=1, keepdim=True)) * total


@pytest.mark.parametrize("classes", [2, 3, 10, 100])
@pytest.mark.parametrize("lam", [0.0, 1.0, 3.0])
def test_gradient_is_lemma_2(classes: int, lam: float) -> None:
    torch.manual_seed(classes)
    logits = (2 * torch.randn(7, classes, dtype=torch.float64)).requires_grad_()
    labels, indices = torch.randint(classes, (7,)), torch.arange(7)
    loss = ELRLoss(7, classes, lam=lam, beta=0.8, clamp=None).double()
    loss.targets.copy_(torch.rand(7, classes, dtype=torch.float64) * 1.2 / classes)
    loss.visits.fill_(3)
    # Targets of another mass than 1 - beta^k contradict the carried mass: give them the right one.
    loss.targets *= (1 - 0.8**3) / loss.targets.sum(dim=1, keepdim=True)
    loss(logits, labels, indices).backward()
    p = torch.softmax(logits.detach(), dim=1)
    expected = (p - functional.one_hot(labels, classes) + lam * lemma_2(p, loss.targets)) / 7
    assert logits.grad is not None
    assert torch.max(torch.abs(logits.grad - expected)) < 1e-12
    assert torch.max(torch.abs(logits.grad.sum(dim=1))) < 1e-12


@pytest.mark.parametrize("clamp", [None, 1e-4, 0.02])
@pytest.mark.parametrize("beta", [0.0, 0.7])
def test_value_and_targets_are_those_of_the_pseudocode(clamp: float | None, beta: float) -> None:
    torch.manual_seed(1)
    n, classes = 20, 5
    loss = ELRLoss(n, classes, lam=3.0, beta=beta, clamp=clamp).double()
    t = torch.zeros(n, classes, dtype=torch.float64)
    labels = torch.randint(classes, (n,))
    for _ in range(6):
        order = torch.randperm(n)
        for batch in order.split(8):
            logits = (3 * torch.randn(len(batch), classes, dtype=torch.float64)).requires_grad_()
            value = loss(logits, labels[batch], batch)
            (grad,) = torch.autograd.grad(value, logits)
            again = logits.detach().requires_grad_()
            p = torch.softmax(again, dim=1)
            if clamp is not None:
                p = torch.clamp(p, clamp, 1.0 - clamp)
            q = p.detach()
            t[batch] = beta * t[batch] + (1 - beta) * q / q.sum(dim=1, keepdim=True)
            expected = functional.cross_entropy(again, labels[batch])
            expected = expected + 3.0 * torch.log(1 - (t[batch] * p).sum(dim=1)).mean()
            (grad_expected,) = torch.autograd.grad(expected, again)
            assert float(value.detach()) == pytest.approx(float(expected.detach()), rel=1e-9)
            assert torch.max(torch.abs(grad - grad_expected)) < 1e-9
            assert torch.max(torch.abs(loss.targets - t)) < 1e-12


@pytest.mark.parametrize("clamp", [None, 1e-4])
def test_training_a_linear_net_is_the_mixture_engine(clamp: float | None) -> None:
    """Two rows from zero with half the step: full-batch SGD through autograd against the dual engine."""
    problem = sample_problem(MixtureSetting(n=40, p=25, sigma=0.4, flip_rate=0.2, eta=0.1), seed=2)
    x = torch.as_tensor(problem.x)
    labels = torch.as_tensor((problem.e_observed < 0).astype(np.int64))
    net = torch.nn.Linear(25, 2, bias=False).double()
    torch.nn.init.zeros_(net.weight)
    loss = ELRLoss(40, 2, lam=3.0, beta=0.7, clamp=clamp).double()
    optimiser = torch.optim.SGD(net.parameters(), lr=0.05)
    for _ in range(150):
        optimiser.zero_grad()
        loss(net(x), labels, torch.arange(40)).backward()
        optimiser.step()
    theta = (net.weight[0] - net.weight[1]).detach().numpy()
    expected = train(problem, eta=0.1, steps=150, loss="elr", lam=3.0, beta=0.7, clamp=clamp).theta
    assert expected is not None
    assert np.max(np.abs(theta - expected)) < 1e-9


def test_rest_does_not_cancel() -> None:
    p = torch.tensor([[1.0, 1e-30, 1e-35]])
    assert rest_of(p)[0].tolist() == pytest.approx([1e-30, 1.0, 1.0], rel=1e-6)


@pytest.mark.parametrize("clamp", [None, 1e-4])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_saturated_predictions_give_finite_gradients(clamp: float | None, dtype: torch.dtype) -> None:
    loss = ELRLoss(4, 3, lam=3.0, beta=0.7, clamp=clamp)
    logits = torch.tensor([[200.0, 0, -200], [0, 300, 0], [5, 5, 5], [-90, 0, 90]], dtype=dtype)
    for _ in range(400):
        given = logits.clone().requires_grad_()
        value = loss(given, torch.tensor([1, 1, 0, 2]), torch.arange(4))
        value.backward()
    assert torch.isfinite(value)
    assert given.grad is not None
    assert torch.all(torch.isfinite(given.grad))
    assert value.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)


def test_safe_under_autocast() -> None:
    loss = ELRLoss(6, 4)
    with torch.autocast(device_type="cpu", dtype=torch.bfloat16):
        net = torch.nn.Linear(3, 4)
        logits = net(torch.randn(6, 3))
        assert logits.dtype == torch.bfloat16
        value = loss(logits, torch.zeros(6, dtype=torch.int64), torch.arange(6))
    assert value.dtype == torch.float32
    value.backward()
    assert net.weight.grad is not None


def test_state_travels() -> None:
    loss = ELRLoss(5, 3, beta=0.5)
    loss(torch.randn(3, 3), torch.tensor([0, 1, 2]), torch.tensor([4, 0, 2]))
    buffer = io.BytesIO()
    torch.save(loss.state_dict(), buffer)
    buffer.seek(0)
    again = ELRLoss(5, 3, beta=0.5)
    again.load_state_dict(torch.load(buffer))
    assert torch.equal(again.targets, loss.targets)
    assert again.visits.tolist() == [1, 0, 1, 0, 1]
    assert loss.targets[0].sum() == pytest.approx(0.5, abs=1e-6)


def test_evaluation_mode_leaves_the_targets() -> None:
    loss = ELRLoss(5, 3)
    loss.eval()
    loss(torch.randn(3, 3), torch.tensor([0, 1, 2]), torch.tensor([4, 0, 2]))
    assert not loss.targets.any()


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_lives_on_a_gpu() -> None:
    cpu, gpu = ELRLoss(8, 5), ELRLoss(8, 5).cuda()
    logits = torch.randn(8, 5)
    for _ in range(3):
        a = cpu(logits, torch.arange(8) % 5, torch.arange(8))
        b = gpu(logits.cuda(), (torch.arange(8) % 5).cuda(), torch.arange(8).cuda())
    assert float(a) == pytest.approx(float(b), rel=1e-5)


GOOD: dict[str, Any] = {
    "logits": torch.zeros(3, 4),
    "labels": torch.tensor([0, 1, 3]),
    "indices": torch.tensor([0, 5, 2]),
}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("logits", torch.zeros(3, 5), "logits must be floats"),
        ("logits", torch.zeros(3, 4, dtype=torch.int64), "logits must be floats"),
        ("labels", torch.tensor([0, 1, 4]), r"labels must lie in \[0, 4\)"),
        ("labels", torch.tensor([0.0, 1.0, 2.0]), "labels must be whole numbers"),
        ("indices", torch.tensor([0, 1, 6]), r"indices must lie in \[0, 6\)"),
        ("indices", torch.tensor([0, -1, 2]), r"indices must lie in \[0, 6\)"),
        ("indices", torch.tensor([0, 1]), "indices must be whole numbers of shape"),
        ("indices", torch.tensor([1, 1, 2]), "hold a repetition"),
    ],
)
def test_bad_batches_are_named(name: str, value: Tensor, words: str) -> None:
    loss = ELRLoss(6, 4)
    with pytest.raises(ValueError, match=words):
        loss(**(GOOD | {name: value}))
    assert not loss.targets.any()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"lam": -1.0}, "lam must be"),
        ({"beta": 1.0}, "beta must lie"),
        ({"clamp": 0.5}, "clamp must lie"),
        ({"n_classes": 1}, "n_classes must be"),
        ({"n_examples": 0}, "n_examples must be"),
    ],
)
def test_bad_constants_are_named(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ELRLoss(**({"n_examples": 4, "n_classes": 3} | options))
