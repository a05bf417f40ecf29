"""What a sweep is about: a paper's parameters, and the engine that makes its runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import theory
from simulation.models import Engine, engine_of, engines_of
from theory.model import Model
from theory.paper import Paper
from theory.parameters import Parameters
from theory.setting import AbstractSetting

__all__ = ["Subject", "fitting", "model_of", "subject_of"]


@dataclass(frozen=True)
class Subject:
    """A paper with the parameters, model and engine that a sweep uses."""

    paper: Paper
    parameters: Parameters
    model: Model
    engine: str

    @property
    def maker(self) -> Engine:
        """The engine."""
        return engine_of(self.model, self.engine)


def fitting(
    papers: Iterable[Paper], names: Collection[str], constants: bool = False
) -> tuple[Paper, type[AbstractSetting], Parameters] | None:
    """The parameters that know most of the names; of several those of `theory.Setting`, then those of which
    the names leave none missing, then the paper's with most claims.

    Args:
        constants: whether names of a paper's constants count as well.

    Raises:
        ValueError: where one paper has several classes of settings, all of them plain fields, and none is
            determined by the names: what each lacks.
    """
    found: list[tuple[Any, ...]] = []
    lacks: dict[str, str] = {}
    asks_nobody = True
    for paper in papers:
        for kind, parameters in paper.parameters.items():
            known = {*parameters.names, *(paper.constants.values if constants else ())}
            lack = _lack(parameters, [n for n in names if n in parameters.names or n not in known])
            lacks |= {kind.__name__: lack} if lack else {}
            asks_nobody &= parameters.usual is dict
            unknown = len(set(names) - known)
            order = (unknown, kind is not theory.Setting, bool(lack), -len(paper.claims), len(found))
            found.append((order, paper, kind, parameters))
    if not found:
        return None
    if len(found) == len(lacks) > 1 and asks_nobody and len({id(f[1]) for f in found}) == 1:
        raise ValueError("no class of settings fits: " + "; ".join(f"{k}: {why}" for k, why in lacks.items()))
    _, paper, kind, parameters = min(found, key=lambda f: f[0])
    return paper, kind, parameters


def _lack(parameters: Parameters, names: Collection[str]) -> str:
    """Why the names do not determine a setting; "" where they do."""
    try:
        parameters.check(names)
    except ValueError as error:
        return str(error)
    return ""


@cache
def _papers(name: str) -> tuple[Paper, ...]:
    from verify.file_paper import file_papers, own_papers
    from verify.load import load_sources

    if name.endswith(".py"):
        return tuple(file_papers(Path(name)).values())
    sources = load_sources(papers=[name] if name else ())
    return tuple((sources.papers | own_papers(sources)).values())


def subject_of(paper: str, names: Collection[str], engine: str) -> Subject:
    """The subject of a sweep over these parameters.

    Args:
        paper: its name or folder, a claims file, or "" for the one that knows the names.
        engine: its name, "" for the model's first.

    Raises:
        ValueError: naming the paper or engine that is not known, and those that are.
    """
    found = fitting(_papers(paper), names)
    if found is None:
        raise ValueError(f"paper: {paper or 'no paper found'} declares no parameters")
    chosen, kind, parameters = found
    model = model_of(chosen, kind)
    known = engines_of(model)
    if engine and engine not in known:
        raise ValueError(f"engine must be one of {', '.join(known)}, was {engine!r}")
    return Subject(chosen, parameters, model, engine or next(iter(known)))


def model_of(paper: Paper, kind: type[AbstractSetting]) -> Model:
    """The model that makes runs at settings of a class: its own, else that of the paper's first experiment
    there.

    Raises:
        ValueError: when there is none.
    """
    if kind.model is not None:
        return kind.model
    experiments = (c.experiment for c in paper.claims if c.experiment.setting_class is kind)
    found = next((e.model for e in experiments if e.model is not None), None)
    if found is None:
        raise ValueError(f"paper: {paper.name}: {kind.__name__} has no model of its own to make runs")
    return found
