"""A claims file as a paper, and a folder's paper made complete: sweeps, phase diagrams and `doctor` then know
their settings too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any

from theory.claim import Claim
from theory.condition import Condition, Constants
from theory.paper import Paper
from theory.parameters import Parameter, Parameters
from theory.plane import Plane
from theory.quantity import Quantity
from theory.setting import AbstractSetting, number_kinds
from theory.source import Reference
from verify.load import Sources, claims_module, load_claims_file

__all__ = ["completed", "field_parameters", "file_papers", "own_papers", "papers_of_files"]


def file_papers(path: Path, claims: Iterable[Claim] | None = None) -> dict[str, Paper]:
    """The papers of a claims file, by the first word of its claims' ids.

    Where the file has no `THIS` of that name, its parameters are the fields of the setting classes and its
    conditions those of its claims; `PLANES`, `QUANTITIES`, `PARAMETERS` and `REFERENCE_BOX` of the file are
    taken as they stand.

    Raises:
        ClaimsFileError: when the file cannot be used.
    """
    listed = tuple(load_claims_file(path) if claims is None else claims)
    own = vars(claims_module(path))
    this = own.get("THIS")
    if isinstance(this, Paper):
        return {this.name: this}
    return {name: _paper(name, [c for c in listed if c.paper == name], own) for name in _names(listed)}


def papers_of_files(sources: Sources) -> dict[str, Paper]:
    """Those of all claims files, by name."""
    found: dict[str, Paper] = {}
    for path in sources.files:
        found |= file_papers(path, claims_module(path).CLAIMS)
    return found


def own_papers(sources: Sources) -> dict[str, Paper]:
    """The papers of all claims files and of folders of one's own, by name."""
    folders = {folder.name for folder in sources.folders}
    return papers_of_files(sources) | {
        name: completed(paper) for name, paper in sources.papers.items() if name in folders
    }


def completed(paper: Paper) -> Paper:
    """A folder's paper with the fields of its setting classes as parameters, where it says nothing else of
    how they are made; and where it lists no conditions, with those of its claims."""
    kinds = dict.fromkeys((*paper.settings, *(c.experiment.setting_class for c in paper.claims)))
    parameters = {kind: paper.parameters.get(kind) or field_parameters(kind) for kind in kinds}
    if paper.conditions:
        return replace(paper, parameters=parameters)
    conditions, values = _conditions(paper.claims)
    constants = Constants(values | dict(paper.constants.values))
    return replace(paper, parameters=parameters, conditions=conditions, constants=constants)


def _conditions(claims: Iterable[Claim]) -> tuple[dict[str, tuple[Condition, ...]], dict[str, float]]:
    """Of each claim those under which it is judged, and the values of all their constants, the first's
    first."""
    found: dict[str, tuple[Condition, ...]] = {}
    values: dict[str, float] = {}
    for claim in claims:
        if claim.kept_conditions:
            found[claim.id] = claim.kept_conditions
            values = dict(claim.constants.values) | values
    return found, values


def _names(claims: Iterable[Claim]) -> list[str]:
    return list(dict.fromkeys(claim.paper for claim in claims))


def _paper(name: str, claims: list[Claim], own: Mapping[str, Any]) -> Paper:
    kinds = list(dict.fromkeys(claim.experiment.setting_class for claim in claims))
    given: Mapping[type[AbstractSetting], Parameters] = own.get("PARAMETERS") or {}
    conditions, values = _conditions(claims)
    planes, quantities = own.get("PLANES", ()), own.get("QUANTITIES", ())
    return Paper(
        name=name,
        reference=Reference(claims[0].source.paper, 0, name, "a claims file"),
        claims=tuple(claims),
        settings=tuple(kinds),
        conditions=conditions,
        constants=Constants(values),
        parameters={kind: given.get(kind) or field_parameters(kind) for kind in kinds},
        reference_box=own.get("REFERENCE_BOX"),
        planes=tuple(p for p in planes if isinstance(p, Plane)),
        quantities=tuple(q for q in quantities if isinstance(q, Quantity)),
    )


def field_parameters(kind: type[AbstractSetting]) -> Parameters:
    """The fields of a setting as parameters; what has a default there has it here.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Coin(AbstractSetting):
    ...     n: int
    ...     p: float = 0.5
    >>> field_parameters(Coin).setting_at({"n": 3.0})
    Coin(n=3, p=0.5)
    """
    numbers = number_kinds(kind)
    whole = {name for name, number in numbers.items() if number is int}

    def make(values: Mapping[str, Any]) -> AbstractSetting:
        for name in whole & values.keys():
            if values[name] != values[name] // 1:
                raise ValueError(f"{name} must be a whole number, was {values[name]!r}")
        return kind(**{k: int(v) if k in whole else v for k, v in values.items()})

    parameters = []
    for f in fields(kind):  # type: ignore[arg-type]
        default = None if f.default is MISSING else f.default
        words = (default,) if isinstance(default, str) else ()
        parameters.append(Parameter(f.name, whole=f.name in whole, default=default, words=words))
    return Parameters(tuple(parameters), make)
