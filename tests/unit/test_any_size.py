"""The recursions and the closure for symbolic n, m and d: the proof holds, and fails with a sign turned."""

from __future__ import annotations

from typing import Any

import pytest

from theory.two_stage.any_size import CLAIMS, prove_any_size


def test_the_proof_holds_for_symbolic_sizes() -> None:
    proof = prove_any_size()
    assert proof.holds
    assert len(proof.steps) == 4


@pytest.mark.parametrize("wrong", [{"gamma_sign": 1}, {"rho_sign": 1}])
def test_an_increment_of_the_other_sign_is_not_the_gradient(wrong: dict[str, int]) -> None:
    proof = prove_any_size(**wrong)
    assert not proof.holds
    assert "does NOT hold" in proof.steps[1]


@pytest.mark.parametrize(("n", "m", "d"), [(1, 1, 2), (3, 2, 5), (20, 4, 200)])
def test_the_closure_holds_in_numbers_at_any_size(n: int, m: int, d: int) -> None:
    from types import SimpleNamespace

    run: Any = SimpleNamespace(setting=SimpleNamespace(n=n, m=m, d=d), seed=3)
    assert CLAIMS[0].measure(run) < 1e-12
