"""Condition 4.1 with C of 2 and 4. As a claims file it is judged like any other (`--claims
'larger_constants.*'`); `python -m benchmarks.larger_constants REPORT` keeps the verdicts of a report of it.

The paper asks for a sufficiently large C, this project reads C = 1. Here the readings that fail inside the
paper's own conditions are judged with larger ones, each in the reference box, with steps down to h = .004:
what holds for large C only would be refuted at C = 1 and supported here. Nothing but C, the box that goes
with it and the length of the runs differs from the readings; the seed is that of what is judged.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from theory.claim import Claim
from theory.condition import Inside
from theory.two_stage.box import Domain
from theory.two_stage.paper import THIS
from theory.two_stage.places import REFERENCE

__all__ = ["CLAIMS", "main", "record_of"]

#: The larger C is, the more filters, and steps h <= 1/(C m).
_FINE = replace(REFERENCE, clock_step=(0.004, 0.2))
_KNOWN = {claim.id: claim for claim in THIS.claims}


def _box(claim: Claim, large: float) -> Domain:
    """The part of the reference box, or of the claim's own where its clock is long, inside its conditions."""
    constants = claim.constants.with_(C=large)
    own = claim.experiment.place
    if claim.id == "two_stage.lemma.balance_noise.across_classes" and isinstance(own, Domain):
        # Long runs: small data sets and steps of a quarter of a time unit, as at C = 1.
        box = replace(own, m=(30, 45), dimension=(large, 10 * large), kappa_0=(0.003, 1 / large))
    else:
        box = _FINE.narrowed(claim.conditions, constants)
    return replace(box, name=f"{own.name}, C = {large:g}", accept=Inside(claim.conditions, constants))


def _with(name: str, large: float, runs: int, clock: float | None = None) -> Claim:
    claim = _KNOWN[f"two_stage.{name}"]
    experiment = replace(
        claim.experiment,
        id=f"larger_constants.{name}.{large:g}",
        place=_box(claim, large),
        clock=clock or claim.experiment.clock,
        snapshots=(),
        max_steps=20_000,
        runs={"quick": runs, "default": runs, "full": 4 * runs},
    )
    return replace(
        claim,
        id=f"larger_constants.{name}.{large:g}",
        experiment=experiment,
        constants=claim.constants.with_(C=large),
        parents=(),
    )


CLAIMS: tuple[Claim, ...] = tuple(
    claim
    for large in (2.0, 4.0)
    for claim in (
        _with("theorem_4_1.noisy_misfit.weak_signal", large, 120, clock=0.6),
        _with("theorem_4_1.gamma_scale", large, 600),
        _with("theorem_4_2.dtest_error_nominal.equal_rates", large, 100),
        _with("lemma.balance_noise.across_classes", large, 30),
    )
)


def record_of(folder: Path) -> dict[str, Any]:
    """What is kept of a report of these claims: how it was made, and each verdict with its reason."""
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    claims = json.loads((folder / "claims.json").read_text(encoding="utf-8"))
    words = "--claims-file benchmarks/larger_constants.py --claims 'larger_constants.*'"
    return {
        "command": f"python -m verify run {words} --profile {run['profile']} --seed {run['seed']}",
        **{name: run[name] for name in ("profile", "seed", "version", "source_digest", "finished", "runs")},
        "claims": [{name: claim[name] for name in ("id", "verdict", "reason")} for claim in claims],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Write `benchmarks/results/larger-constants.json` from a report's folder."""
    (folder,) = sys.argv[1:] if arguments is None else arguments
    file = Path(__file__).parent / "results" / "larger-constants.json"
    file.write_text(
        json.dumps(record_of(Path(folder)), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    print(file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
