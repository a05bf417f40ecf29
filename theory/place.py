"""Where settings come from: a box of ranges to draw in, or labelled cells. There is no third kind.

A paper may give either of them constructors of its own (`Box` and `Cells` are meant to be subclassed with
other arguments); the core asks for nothing beyond what stands here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from theory.coordinate import Coordinate
from theory.setting import AbstractSetting

if TYPE_CHECKING:
    from theory.condition import Condition, Constants

__all__ = [
    "SWEPT",
    "Box",
    "Cells",
    "Coordinate",
    "Draws",
    "Joined",
    "Place",
    "Point",
    "along",
    "class_made",
    "fixed",
    "grid",
    "makes",
]

#: Label of a point of a sweep that is joined to a box: the name of the parameter that varies.
SWEPT = "swept"

#: Settings drawn before a box is said to accept none.
_TRIES = 100_000

#: The generator of the r-th setting that is drawn.
Draws = Callable[[int], np.random.Generator]


@dataclass(frozen=True)
class Point:
    """One planned place of a run: its setting, the number of the replicate, labels of the cell.

    Points of equal `key` and replicate share their seed (draws are paired).
    """

    setting: AbstractSetting
    replicate: int
    labels: Mapping[str, Any]
    key: str = ""


@dataclass(frozen=True)
class Box:
    """Random settings: every coordinate drawn on its own, in order, and a setting made of the values.

    Args:
        name: how reports call it.
        coordinates: ranges, drawn in order.
        make: the setting with these values, by coordinate name.
        accept: settings are drawn until one is accepted; None accepts all.

    >>> from dataclasses import dataclass as d
    >>> @d(frozen=True)
    ... class Coin(AbstractSetting):
    ...     n: int
    ...     p: float
    >>> box = Box("coins", (Coordinate("n", 10, 100, whole=True), Coordinate("p", .4, .6, "linear")),
    ...           lambda x: Coin(**x))
    >>> s = box.draw(np.random.default_rng(0))
    >>> 10 <= s.n <= 100 and .4 <= s.p <= .6, box.describe()
    (True, 'coins: n 10..100, p 0.4..0.6')
    """

    name: str
    coordinates: tuple[Coordinate, ...]
    make: Callable[[Mapping[str, Any]], AbstractSetting] = field(compare=False, repr=False)
    accept: Callable[[AbstractSetting], bool] | None = field(
        default=None, compare=False, repr=False, kw_only=True
    )

    def draw(self, rng: np.random.Generator) -> AbstractSetting:
        """A random setting that is accepted; a function of the generator's state alone.

        Raises:
            ValueError: when none of `_TRIES` settings is accepted.
        """
        for _ in range(_TRIES):
            setting = self.make(self.draw_values(rng))
            if self.accept is None or self.accept(setting):
                return setting
        raise ValueError(f"place {self.name!r}: none of {_TRIES} settings was accepted")

    def values_of(self, setting: AbstractSetting) -> Mapping[str, float] | None:
        """The coordinates of a setting: its attributes of these names; None where one has no such
        attribute.
        """
        values = {c.name: getattr(setting, c.name, None) for c in self.coordinates}
        return None if None in values.values() else values  # type: ignore[return-value]

    def contains(self, setting: AbstractSetting) -> bool | None:
        """Whether a setting lies in the box and is accepted; None where its coordinates cannot be read
        off.
        """
        values = self.values_of(setting)
        if values is None:
            return None
        slack = 1e-9
        inside = all(
            -slack <= c.share(values[c.name]) <= 1 + slack for c in self.coordinates if c.low < c.high
        )
        inside &= all(math.isclose(values[c.name], c.low) for c in self.coordinates if c.low == c.high)
        return inside and (self.accept is None or self.accept(setting))

    def is_thin_in(self, box: Box) -> bool:
        """Whether the place holds at one value what another box draws: it then covers none of that box.

        >>> whole = Box("all", (Coordinate("a", 1, 9), Coordinate("b", 1, 9)), dict)
        >>> whole.sliced({"b": 2.0}).is_thin_in(whole), whole.is_thin_in(whole.sliced({"b": 2.0}))
        (True, False)
        """
        drawn = {c.name for c in box.coordinates if c.low < c.high}
        return any(c.low == c.high and c.name in drawn for c in self.coordinates)

    def sliced(self, fixed: Mapping[str, float]) -> Box:
        """The part of the box at which coordinates have these values; a name it has not is left out.

        >>> all_ = Box("all", (Coordinate("a", 1, 9), Coordinate("b", 0, 1, "linear")), dict)
        >>> all_.sliced({"b": 0.5, "c": 1.0}).describe()
        'all: a 1..9, b 0.5'
        """
        return replace(
            self,
            coordinates=tuple(
                replace(c, low=fixed[c.name], high=fixed[c.name]) if c.name in fixed else c
                for c in self.coordinates
            ),
        )

    def narrowed(self, conditions: Sequence[Condition], constants: Constants) -> Box:
        """A part of the box that holds every setting of it inside these conditions, to draw them faster.

        The law of a setting, given that it is inside, is the same in any such part.
        """
        return self

    def draw_values(self, rng: np.random.Generator) -> dict[str, Any]:
        """Random values of the coordinates."""
        return {c.name: c.draw(rng) for c in self.coordinates}

    def points(self, replicates: int, draws: Draws) -> Iterator[Point]:
        """As many random settings; the r-th depends on `draws(r)` alone."""
        for r in range(replicates):
            yield Point(self.draw(draws(r)), r, {})

    @property
    def settings(self) -> tuple[AbstractSetting, ...]:
        """No setting is fixed beforehand."""
        return ()

    def describe(self) -> str:
        """The box in words."""
        return f"{self.name}: " + ", ".join(c.describe() for c in self.coordinates)


@dataclass(frozen=True)
class Cells:
    """Labelled settings, each with its own replicates.

    Args:
        name: how reports call it.
        cells: (labels, setting) pairs; labels name what varies.
        paired: whether equal replicates share their seed along the cells (sweeps), so that draws are paired.
    """

    name: str
    cells: tuple[tuple[Mapping[str, Any], AbstractSetting], ...]
    paired: bool = False

    def __hash__(self) -> int:
        return hash((self.name, tuple(setting for _, setting in self.cells), self.paired))

    @property
    def coordinates(self) -> tuple[Coordinate, ...]:
        """There are no ranges to draw in."""
        return ()

    def rebased(self, box: Box) -> Cells | None:
        """The same axis around base points drawn from a box; None where the cells have no axis."""
        return None

    @property
    def settings(self) -> tuple[AbstractSetting, ...]:
        """The setting of every cell."""
        return tuple(setting for _, setting in self.cells)

    def points(self, replicates: int, draws: Draws) -> Iterator[Point]:
        """Every cell with as many replicates; nothing is drawn."""
        if self.paired:
            for r in range(replicates):
                for labels, setting in self.cells:
                    yield Point(setting, r, labels)
            return
        for c, (labels, setting) in enumerate(self.cells):
            for r in range(replicates):
                yield Point(setting, r, labels, f" cell {c}")

    def describe(self) -> str:
        """The cells in words."""
        names = list(dict.fromkeys(name for labels, _ in self.cells for name in labels))
        over = f" over {', '.join(names)}" if names else ""
        return f"{self.name}: {len(self.cells)} setting{'s' if len(self.cells) != 1 else ''}{over}"


@dataclass(frozen=True)
class Joined(Box):
    """A box, and sweeps of single parameters through it: one experiment for a constant and its powers.

    Settings are drawn from the box; beside every `every` of them each sweep has one replicate, whose points
    carry the label `SWEPT`, the name of the parameter. `FittedBand` judges its constant on the box and one
    power a parameter on the sweeps.

    Args:
        box: where settings are drawn; it is the region that the claim speaks of.
        sweeps: parameter -> paired cells along it, everything else that matters held fixed.
        every: runs of the box to each replicate of a sweep; a mapping for sweeps of unequal cost.

    Raises:
        ValueError: naming the argument.

    >>> from dataclasses import dataclass as d
    >>> @d(frozen=True)
    ... class Coin(AbstractSetting):
    ...     n: int
    >>> box = Box("coins", (Coordinate("n", 10, 100, whole=True),), lambda x: Coin(**x))
    >>> joined = Joined(box, {"n": along("n", Coin(10), (10, 100, 1000))}, every=2)
    >>> [p.labels for p in joined.points(2, np.random.default_rng)][2]
    {'swept': 'n', 'n': 10.0}
    """

    name: str = field(init=False)
    coordinates: tuple[Coordinate, ...] = field(init=False, compare=False, repr=False)
    make: Callable[[Mapping[str, Any]], AbstractSetting] = field(init=False, compare=False, repr=False)
    accept: Callable[[AbstractSetting], bool] | None = field(
        init=False, default=None, compare=False, repr=False
    )
    box: Box
    sweeps: Mapping[str, Cells] = field(hash=False)
    every: int | Mapping[str, int] = field(default=8, hash=False)

    def __post_init__(self) -> None:
        if isinstance(self.box, Joined) or not isinstance(self.box, Box):
            raise ValueError(f"box must be a Box, was a {type(self.box).__name__}")
        if not self.sweeps:
            raise ValueError("sweeps must name at least one parameter, was empty")
        for parameter, cells in self.sweeps.items():
            if not cells.paired:
                raise ValueError(f"sweeps[{parameter!r}] must be paired cells, with labels along it")
            if not self.replicates_of(parameter, 1) > 0:
                raise ValueError(f"every must be a whole number above 0 for {parameter!r}")
        for own in ("name", "coordinates", "make", "accept"):
            object.__setattr__(self, own, getattr(self.box, own))

    def replicates_of(self, parameter: str, replicates: int) -> int:
        """Replicates of a sweep beside so many runs of the box, at least one."""
        every = self.every if isinstance(self.every, int) else self.every[parameter]
        return math.ceil(replicates / every) if every > 0 else 0

    def draw(self, rng: np.random.Generator) -> AbstractSetting:
        """A random setting of the box."""
        return self.box.draw(rng)

    def values_of(self, setting: AbstractSetting) -> Mapping[str, float] | None:
        """As the box."""
        return self.box.values_of(setting)

    def contains(self, setting: AbstractSetting) -> bool | None:
        """As the box: sweeps add no region."""
        return self.box.contains(setting)

    def points(self, replicates: int, draws: Draws) -> Iterator[Point]:
        """The box's settings, then every sweep's replicates."""
        yield from self.box.points(replicates, draws)
        for parameter, cells in self.sweeps.items():
            for point in cells.points(self.replicates_of(parameter, replicates), draws):
                labels = {SWEPT: parameter, **point.labels}
                yield Point(point.setting, point.replicate, labels, f" along {parameter}{point.key}")

    def moved_to(self, box: Box) -> Joined:
        """The same sweeps joined to another box, around base points drawn from it where they can be."""
        sweeps = {name: cells.rebased(box) or cells for name, cells in self.sweeps.items()}
        return Joined(box, sweeps, self.every)

    def describe(self) -> str:
        """The box and the parameters of the sweeps in words."""
        along = (f"{name} {_ends(name, cells)}" for name, cells in self.sweeps.items())
        return f"{self.box.describe()}; sweeps of {', '.join(along)}"


def _ends(parameter: str, cells: Cells) -> str:
    values = [float(labels[parameter]) for labels, _ in cells.cells if parameter in labels]
    return f"{min(values):g}..{max(values):g}" if values else ""


Place = Box | Cells


def makes(setting_class: type[AbstractSetting], make: Callable[..., AbstractSetting]) -> None:
    """Declares the class of what a box's `make` gives, where to make a setting costs much: else one is made
    on loading, to see of which class it is."""
    make.makes_settings_of = setting_class  # type: ignore[attr-defined]


def class_made(place: Place) -> type[AbstractSetting]:
    """The class of a place's settings: of its first cell, of the middle of its box, or as declared there
    (`makes`).

    Raises:
        ValueError: when the place makes something else than settings.
    """
    if isinstance(place, Cells):
        one: Any = place.settings[0] if place.settings else None
    elif declared := getattr(getattr(place.make, "func", place.make), "makes_settings_of", None):
        return cast("type[AbstractSetting]", declared)
    else:
        try:
            one = place.make({c.name: c.at(0.5) for c in place.coordinates})
        except Exception as error:  # a user's function may raise anything
            raise ValueError(f"place {place.name!r} makes no setting at its middle: {error}") from error
    if not isinstance(one, AbstractSetting):
        raise ValueError(f"place {place.name!r} must hold theory.AbstractSetting, was a {type(one).__name__}")
    return type(one)


def along(parameter: str, base: AbstractSetting, values: Sequence[float]) -> Cells:
    """One parameter of a setting varied, the others as they are; replicates are paired along it.

    Where dimensionless groups must stay fixed, make the cells by hand: `Cells(name, cells, paired=True)`.
    """
    settings = tuple(base.with_(**{parameter: value}) for value in values)
    cells = tuple(({parameter: float(getattr(s, parameter))}, s) for s in settings)
    return Cells(f"sweep of {parameter}", cells, paired=True)


def grid(name: str, cells: tuple[tuple[Mapping[str, Any], AbstractSetting], ...]) -> Cells:
    """Cells with replicates of their own."""
    return Cells(name, cells)


def fixed(setting: AbstractSetting, labels: Mapping[str, Any] | None = None) -> Cells:
    """A single setting, replicated."""
    return Cells("one setting", ((labels or {}, setting),), paired=True)
