"""One claim measured on one run again, from Python as from the command `replay`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from theory.claim import Claim
from theory.setting import AbstractSetting
from verify.outcome import Judgement, Observation

__all__ = ["replay"]


def replay(
    claim: Claim | Judgement | str,
    setting: AbstractSetting | Mapping[str, Any] | None = None,
    seed: int | None = None,
    engine: str = "",
    *,
    outside: Sequence[str] = (),
    claims_file: str | Path | None = None,
    paper: str | None = None,
) -> Observation:
    """The claim on the run of this setting and seed, made anew: its value, or why it is not judged there.

    Args:
        claim: itself, its id, or a judgement: then the run is its counterexample's, unless another is given.
        setting: itself, or its fields, as a counterexample's command gives them.
        engine: of the claim's model; "" is its first.
        outside: conditions that the run may miss, as `--outside`.
        claims_file: the file of one's own that holds a claim given by id.
        paper: name, or folder of one's own, likewise.

    Raises:
        RunFailed: when the run cannot be made, or the claim's own code fails on it.
        ValueError: for an unknown claim, a field that the setting has not, a seed out of range, or a
            judgement without counterexample where no run is given.

    A claim of one's own: `replay("mine.walk", {"n": 400}, seed=7, claims_file="mine.py")`.
    """
    from verify.cli.options import check_seed, find_claim
    from verify.search.shrink import measure_at

    if isinstance(claim, Judgement):
        found, claim = claim.counterexample, claim.claim
        if found is not None and setting is None and seed is None:
            setting, seed, engine = found.setting, found.seed, found.engine
        elif setting is None or seed is None:
            raise ValueError(f"{claim.id} has no counterexample: give the run's setting and seed")
    if setting is None or seed is None:
        raise ValueError("setting and seed must say which run is meant")
    check_seed(seed)
    if isinstance(claim, str):
        claim = find_claim(
            claim,
            None if claims_file is None else [Path(claims_file)],
            "claim",
            None if paper is None else [paper],
        )
    if outside:
        claim = replace(claim, drops=tuple(dict.fromkeys((*claim.drops, *outside))))
    kind = claim.experiment.setting_class
    if not isinstance(setting, AbstractSetting):
        try:
            setting = kind(**setting)
        except TypeError as error:
            raise ValueError(
                f"setting must be a {kind.__name__}, or a mapping of its fields: {error}"
            ) from None
    return measure_at(claim, setting, seed, engine)
