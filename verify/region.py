"""The region that a claim speaks of, how much of it its runs cover, and places drawn from conditions.

The region is the paper's reference box inside the claim's conditions. Coverage is the share of the region,
uniform in each coordinate's scale, from which the judged settings come: computed, never typed.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal

from simulation.models import UNITS_A_SECOND, engine_of
from theory.claim import Claim
from theory.condition import Condition, Constants, all_inside
from theory.place import Box, Joined
from theory.rng import generator
from theory.setting import AbstractSetting
from verify.runs.plan import engine_names, job_of

__all__ = [
    "Region",
    "Scope",
    "admits",
    "all_on_conditions",
    "drawn_region",
    "on_conditions",
    "reference_of",
    "scope_of",
    "scope_where_judged",
]

#: Settings of the reference box that are looked at to know a region, and the least share inside that will do.
_DRAWS, _LEAST = 4000, 1e-3
#: Of one run where settings are drawn from conditions: bytes, and nominal seconds.
_MOST_BYTES, _MOST_SECONDS = 2**28, 60.0


@dataclass(frozen=True)
class Scope:
    """What a verdict speaks of.

    `region` is "conditions" where the settings are drawn from the claim's conditions, "box" or "cells" where
    its author chose them, None without runs. `coverage` is a share of the conditions' region, None where it
    has no meaning (cells) or is not known (no reference box). `drawn` says that the settings, or the base
    points of cells, were drawn from the conditions by `on_conditions`.
    """

    region: Literal["conditions", "box", "cells"] | None
    coverage: float | None
    text: str
    drawn: bool = False

    @property
    def word(self) -> str:
        """What the printed verdict adds: "on its box", or nothing."""
        full = self.region == "conditions" and (self.coverage is None or self.coverage >= 0.5)
        if full or self.region is None:
            return ""
        return "on its cells" if self.region == "cells" else "on its box"


@dataclass(frozen=True)
class Region:
    """Settings of a reference box inside a claim's conditions; `share` of what `reference_of` leaves is."""

    settings: tuple[AbstractSetting, ...]
    share: float


def admits(claim: Claim) -> Callable[[AbstractSetting], bool]:
    """Whether a claim is judged at a setting: inside its conditions and, for a probe, outside one it
    drops.
    """
    return _Admits(claim)


@dataclass(frozen=True)
class _Admits:
    """A class, not a closure, so that it travels to worker processes."""

    claim: Claim

    def __call__(self, setting: AbstractSetting) -> bool:
        return _why_not(self.claim, setting) is None


def _why_not(claim: Claim, setting: AbstractSetting) -> str | None:
    """The first condition that keeps the claim from being judged at a setting; none after it is looked
    at."""
    for condition in claim.kept_conditions:
        if not condition.holds(setting, claim.constants):
            return condition.name
    if claim.is_probe and all_inside(claim.dropped_conditions, setting, claim.constants):
        return f"inside {', '.join(claim.drops)}"
    return None


@dataclass(frozen=True)
class _Affordable:
    """Whether a claim is judged at a setting, and every engine of its experiment can make the run there: a
    network with its arrays is not made at d = 1e9."""

    claim: Claim

    def __call__(self, setting: AbstractSetting) -> bool:
        if _why_not(self.claim, setting) is not None:
            return False
        experiment = self.claim.experiment
        for name in engine_names(experiment):
            engine = engine_of(experiment.of_model, name)
            job = job_of(experiment, setting, 0, engine)
            if engine.memory(job).total > _MOST_BYTES or engine.work(job) > _MOST_SECONDS * UNITS_A_SECOND:
                return False
        return True


@dataclass(frozen=True)
class _Same:
    """A place that is equal to itself alone, and kept with what is known of it: boxes are compared without
    what makes and accepts their settings."""

    place: Any = field(compare=False)
    key: tuple[Any, ...]


def _itself(place: Any) -> _Same:
    return _Same(place, (id(place),))


def _like(box: Box) -> _Same:
    """Equal boxes whose settings are made and accepted by the same functions are one."""

    def function(given: Any) -> int:
        own = getattr(given, "__self__", None) is box
        return id(given.__func__ if own else given)

    return _Same(box, (box, function(box.make), function(box.accept)))


@lru_cache(maxsize=16)
def _drawn(same: _Same, count: int) -> tuple[AbstractSetting, ...]:
    box: Box = same.place
    return tuple(box.draw(generator(0, f"region {box.name}", k)) for k in range(count))


#: Of claims that are judged at the same settings the region is the same.
@lru_cache(maxsize=256)
def _sorted_out(asked: _Asked, box: _Same) -> tuple[tuple[AbstractSetting, ...], Counter[str]]:
    """The settings of the box at which such claims are judged, and what keeps them from the others."""
    kept, reasons = [], Counter[str]()
    for setting in _drawn(box, _DRAWS):
        reason = _why_not(asked.claim, setting)
        if reason is None:
            kept.append(setting)
        else:
            reasons[reason] += 1
    return tuple(kept), reasons


@dataclass(frozen=True)
class _Asked:
    """A claim as far as the settings go at which it is judged."""

    claim: Claim = field(compare=False)
    conditions: tuple[Condition, ...]
    drops: tuple[str, ...]
    constants: Constants


def _asked(claim: Claim) -> _Asked:
    return _Asked(claim, claim.conditions, claim.drops, claim.constants)


#: Claims of one experiment that are judged at the same settings cover the same.
@lru_cache(maxsize=256)
def _coverage(asked: _Asked, box: _Same, same: _Same) -> float | None:
    """The share of such claims' region that lies in the place; None where that cannot be told."""
    settings, _ = _sorted_out(asked, box)
    inside = [same.place.contains(s) for s in settings]
    return None if None in inside else sum(map(bool, inside)) / len(inside)


def reference_of(claim: Claim, box: Box) -> Box:
    """The reference box, cut to what the claim's conditions hold at one value ("tau = 0") and without what
    they are known to exclude."""
    fixed = {name: value for c in claim.kept_conditions for name, value in c.fixes}
    return (box.sliced(fixed) if fixed else box).narrowed(claim.kept_conditions, claim.constants)


def drawn_region(claim: Claim, box: Box) -> Region:
    """The settings of the box, of `_DRAWS`, at which the claim is judged.

    Raises:
        ValueError: one line naming the condition that rejects most, when fewer than one in a thousand is.
    """
    box = reference_of(claim, box)
    kept, reasons = _sorted_out(_asked(claim), _like(box))
    if len(kept) < _LEAST * _DRAWS:
        worst, count = reasons.most_common(1)[0]
        raise ValueError(
            f"claim {claim.id}: {len(kept)} of {_DRAWS} settings of {box.name!r} meet its conditions; "
            f"{worst!r} rejects most ({count})"
        )
    return Region(kept, len(kept) / _DRAWS)


def scope_of(
    claim: Claim, reference: Box | None, settings: Sequence[AbstractSetting], *, drawn: bool = False
) -> Scope:
    """The scope of a claim judged at these settings; `drawn`: `on_conditions` has moved it."""
    if not settings:
        return Scope(None, None, "no run was judged")
    return scope_where_judged(claim, reference, drawn=drawn)


def scope_where_judged(claim: Claim, reference: Box | None, *, drawn: bool = False) -> Scope:
    """`scope_of` a claim that is judged at any setting: what it speaks of does not depend on which."""
    place = claim.experiment.place
    if not place.coordinates:
        return Scope("cells", None, place.describe(), drawn)
    if reference is None:
        return Scope("box", None, place.describe())
    if drawn:
        return _drawn_scope(claim, reference)
    if place.is_thin_in(reference_of(claim, reference)):  # type: ignore[union-attr]
        return Scope("box", 0.0, place.describe())
    try:
        drawn_region(claim, reference)
    except ValueError as error:
        return Scope("box", None, f"{place.describe()} (its share of the conditions is not known: {error})")
    coverage = _coverage(_asked(claim), _like(reference_of(claim, reference)), _itself(place))
    if coverage is None:
        return Scope("box", None, place.describe())
    kind: Literal["conditions", "box"] = "conditions" if coverage >= 0.999 else "box"
    return Scope(kind, coverage, place.describe())


def _drawn_scope(claim: Claim, reference: Box) -> Scope:
    """Of a claim whose settings are drawn from its conditions: all of them, but for those that no engine of
    its experiment reaches."""
    settings = drawn_region(claim, reference).settings
    reached = sum(map(_Affordable(claim), settings)) / len(settings)
    left = "" if reached >= 0.999 else f", {reached:.0%} of them within its engines' reach"
    text = f"{claim.experiment.place.describe()}{left}"
    return Scope("conditions", 1.0 if reached >= 0.999 else reached, text, drawn=True)


def on_conditions(claim: Claim, reference: Box | None) -> Claim:
    """The claim on a place drawn from its conditions; cells keep their axis and get new base points.

    Claims of one experiment that are judged at the same settings share the runs there too. Settings at which
    an engine of the experiment would need more than 256 MiB or a nominal minute for a run are left out: the
    coverage says how much that is.

    Raises:
        ValueError: naming the claim, when the paper has no reference box of its settings, or its conditions
        hold almost nowhere that its engines reach.
    """
    experiment = claim.experiment
    if reference is None:
        raise ValueError(
            f"claim {claim.id}: there is no reference box to draw settings from: a paper declares one as"
            " Paper(reference_box=Box(...)), a claims file as REFERENCE_BOX = Box(...)"
        )
    affordable = _Affordable(claim)
    reached = sum(map(affordable, drawn_region(claim, reference).settings))
    if reached < _LEAST * _DRAWS:
        raise ValueError(
            f"claim {claim.id}: its engines reach {reached} of the settings of {reference.name!r} that meet "
            "its conditions; at the others a run takes more than 256 MiB or a minute"
        )
    region = replace(reference_of(claim, reference), name="its conditions", accept=affordable)
    place: Any = region
    if isinstance(experiment.place, Joined):
        place = experiment.place.moved_to(region)
    elif not experiment.place.coordinates:
        rebased = experiment.place.rebased(region)  # type: ignore[union-attr]
        if rebased is None:
            return claim
        place = rebased
    judged_at = (*((c.name, c.large, c.small) for c in claim.conditions), claim.drops, claim.constants)
    key = hashlib.blake2b(repr(judged_at).encode(), digest_size=6).hexdigest()
    moved = replace(experiment, id=f"{experiment.id}.conditions.{key}", place=place)
    return replace(claim, experiment=moved)


def all_on_conditions(
    claims: Sequence[Claim], boxes: Mapping[str, Box], advance: Callable[[float], None] = lambda done: None
) -> tuple[list[Claim], dict[str, str]]:
    """The claims on places drawn from their conditions, and why some stay on their own place, by id.

    A probe of a condition that the whole reference box meets has no region there; a selection of claims is
    judged all the same.

    Raises:
        ValueError: when no claim can be moved: that of the first.
    """
    moved: list[Claim] = []
    stay: dict[str, str] = {}
    first: ValueError | None = None
    for claim in claims:
        try:
            moved.append(on_conditions(claim, boxes.get(claim.id)))
        except ValueError as error:
            first = first or error
            moved.append(claim)
            stay[claim.id] = str(error)
        advance(1)
    if first is not None and len(stay) == len(claims):
        raise first
    return moved, stay
