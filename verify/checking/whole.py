"""A claims file or a paper's folder looked at whole: read, typed, run dry."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from simulation.user_file import import_user_folder
from theory.claim import Claim
from theory.experiment import PROFILES, Experiment
from theory.falsehood import Falsehood
from theory.ledger import Ledger
from theory.paper import Paper
from theory.rng import generator
from verify.check import check_model
from verify.checking.complaint import Complaint, Place
from verify.checking.dry import dry_run
from verify.checking.lines import Files, place_of_error, python_files
from verify.checking.statements import is_set
from verify.checking.types import SYNTAX, TypeCheck
from verify.load import (
    ClaimsFileError,
    claims_listed,
    claims_module,
    experiments_of_their_own,
    faults_of_claim,
)
from verify.outcome import Observation
from verify.rules.judge import Plan
from verify.rules.registry import decide, judge_of
from verify.runs.plan import engine_names
from verify.statistics.error_budget import ERROR_BUDGET, FIRST_SHARE
from verify.statistics.power import LEAST_POWER

__all__ = ["Checked", "check_whole"]


@dataclass(frozen=True)
class Checked:
    """What was looked at, and what is wrong with it.

    Args:
        complaints: those that end with status 2 first, then 3, then notes; by file and line.
        claims, falsehoods, experiments: how many there are.
        typed: whether mypy is installed.
    """

    complaints: tuple[Complaint, ...]
    claims: int
    falsehoods: int
    experiments: int
    typed: bool
    seconds: float

    @property
    def status(self) -> int:
        """2 where something cannot be used as it stands, 3 where a run or a measure failed, else 0."""
        kinds = {complaint.kind for complaint in self.complaints}
        return 2 if "input" in kinds else 3 if "code" in kinds else 0


def check_whole(path: Path) -> Checked:
    """Everything that can be said of a file or a folder in seconds, without judging a claim.

    Raises:
        ValueError: when there is no such file or folder, or it holds no paper.
    """
    began = time.perf_counter()
    path = Path(path)
    if path.is_dir():
        main = path / "paper.py"
        if not main.is_file():
            raise ValueError(f"FILE|DIR: no paper.py in the folder {path}")
        files, base = Files(main, tuple(python_files(path))), path.parent
    elif path.is_file():
        files, base = Files(path, (path,)), path.parent
    else:
        raise ValueError(f"FILE|DIR: no such file or folder: {path}")
    types = TypeCheck(files.paths, base)
    found: list[Complaint] = []
    claims: list[Claim] = []
    falsehoods: list[Falsehood] = []
    experiments: list[Experiment] = []
    try:
        listed, false, paper = _loaded(path)
    except ValueError as error:
        place = place_of_error(error, files.paths) or Place(files.main)
        cause = error.__cause__
        said = str(error) if cause is None else f"does not import: {type(cause).__name__}: {cause}"
        found.append(Complaint(place, said))
    else:
        found += _faults(listed, paper, files)
        claims = [claim for claim in listed if isinstance(claim, Claim)]
        falsehoods = [f for f in false if isinstance(f, Falsehood)]
        found += _of_falsehoods(false, Ledger({c.id: c for c in claims}.values()), files)
        if not any(c.kind == "input" for c in found):
            experiments = list(dict.fromkeys(c.experiment for c in (*claims, *(f.claim for f in falsehoods))))
            found += _models(experiments, files) or _tried(experiments, claims, falsehoods, files)
            found += _powers(claims, files)
    unread = {c.place.file for c in found}
    found += (
        c for c in types.complaints(files.paths) if not (c.text.endswith(SYNTAX) and c.place.file in unread)
    )
    order = {"input": 0, "code": 1, "note": 2}
    found = sorted(dict.fromkeys(found), key=lambda c: (order[c.kind], str(c.place.file), c.place.line))
    return Checked(
        tuple(found),
        len(claims),
        len(falsehoods),
        len(experiments),
        types.installed,
        time.perf_counter() - began,
    )


def _loaded(path: Path) -> tuple[Sequence[Any], Sequence[Any], Paper | None]:
    """Claims and falsehoods as they stand there, and the paper of a folder."""
    if path.is_file():
        claims = claims_listed(path)
        return claims, list(getattr(claims_module(path), "FALSEHOODS", ())), None
    paper = vars(import_user_folder(path, "paper", "FILE|DIR")).get("THIS")
    if not isinstance(paper, Paper):
        raise ValueError("paper.py must define THIS, a theory.Paper")
    try:
        false = list(paper.falsehoods(Ledger(paper.claims)))
    except Exception as error:  # a user's function
        raise ClaimsFileError(f"falsehoods: {type(error).__name__}: {error}") from error
    return paper.claims, false, paper


def _faults(listed: Sequence[Any], paper: Paper | None, files: Files) -> Iterator[Complaint]:
    """What cannot be used of the claims, each by itself and together."""
    ids: list[str] = []
    for claim in listed:
        place = files.of_claim(claim) if isinstance(claim, Claim) else Place(files.main)
        faults = list(faults_of_claim(claim))
        yield from (Complaint(place, fault) for fault in faults)
        if faults or not isinstance(claim, Claim):
            continue
        if claim.id in ids:
            yield Complaint(place, f"claim id {claim.id!r} is used twice")
        ids.append(claim.id)
        for name in ("statement", "measured", "note"):
            if not is_set(getattr(claim, name)):
                yield Complaint(place, f"claim {claim.id}: {name}: dollars or braces are not balanced")
    known = set(ids)
    for claim in listed:
        if not isinstance(claim, Claim) or any(faults_of_claim(claim)):
            continue
        for what, named in (
            *(("parents", parent) for parent in claim.parents),
            ("corrected_by", claim.corrected_by),
        ):
            own = named.partition(".")[0] in {i.partition(".")[0] for i in known}
            if named and own and named not in known:
                yield Complaint(files.of_claim(claim), f"claim {claim.id}: {what} names no claim: {named!r}")
    if paper is not None and paper.name != files.main.resolve().parent.name:
        folder = files.main.resolve().parent.name
        yield Complaint(
            Place(files.main), f"the paper's name must be the folder's, {folder!r}, was {paper.name!r}"
        )


def _of_falsehoods(listed: Sequence[Any], ledger: Ledger, files: Files) -> Iterator[Complaint]:
    names: set[tuple[str, str]] = set()
    for item in listed:
        if not isinstance(item, Falsehood):
            said = f"FALSEHOODS holds a {type(item).__name__}, not a theory.Falsehood"
            yield Complaint(Place(files.main), said)
            continue
        place = files.of_claim(item.claim)
        if item.of not in ledger:
            yield Complaint(place, f"falsehood {item.name!r} is of no known claim: {item.of!r}")
        if (item.of, item.name) in names:
            yield Complaint(place, f"falsehood {item.name!r} of {item.of} is declared twice")
        names.add((item.of, item.name))


def _models(experiments: Sequence[Experiment], files: Files) -> list[Complaint]:
    """Settings, options and engines, no run made; and one id for two experiments."""
    found = []
    ids: dict[str, Experiment] = {}
    for experiment in experiments:
        if ids.setdefault(experiment.id, experiment) != experiment:
            text = f"experiment id {experiment.id!r} is used by another experiment"
            found.append(Complaint(files.of_experiment(experiment), text))
    for experiment in experiments_of_their_own(experiments):
        try:
            check_model(experiment)
        except ValueError as error:
            cause = error.__cause__
            place = place_of_error(cause, files.paths) if cause is not None else None
            found.append(Complaint(place or files.of_experiment(experiment), str(error)))
    return found


def _tried(
    experiments: Sequence[Experiment], claims: Sequence[Claim], falsehoods: Sequence[Falsehood], files: Files
) -> Iterator[Complaint]:
    """Some runs of each experiment, made and measured."""
    false = [replace(f.claim, id=f"{f.of}.falsehood_{k}") for k, f in enumerate(falsehoods)]
    names = {c.id: f"falsehood {f.name!r} of {f.of}" for c, f in zip(false, falsehoods, strict=True)}
    by_id = {c.id: c for c in (*claims, *false)}
    for experiment in experiments:
        mine = [c for c in by_id.values() if c.experiment == experiment and c.kind != "derivation"]
        trial = dry_run(experiment, mine, files.paths)
        for trouble in trial.troubles:
            claim = by_id.get(trouble.claim)
            if claim is None:
                what, place = f"experiment {experiment.id}", files.of_experiment(experiment)
            else:
                what, place = names.get(claim.id, f"claim {claim.id}"), files.of_claim(claim)
            yield Complaint(trouble.place or place, f"{what}: {trouble.text}", "code")
        for note in trial.notes:
            if not any(name in note for name in names):
                claim = next((c for c in claims if f"claim {c.id}:" in note), None)
                at = files.of_experiment(experiment) if claim is None else files.of_claim(claim)
                yield Complaint(at, note, "note")


def _powers(claims: Sequence[Claim], files: Files) -> Iterator[Complaint]:
    """Claims that the runs of a profile leave undecided, however true they are."""
    for claim in claims:
        if claim.kind == "derivation":
            continue
        profiles: dict[int, list[str]] = {}
        for profile in PROFILES:
            if runs := claim.experiment.runs.get(profile, 0):
                profiles.setdefault(runs, []).append(profile)
        place = files.of_claim(claim)
        if not {"quick", "default"} & {name for names in profiles.values() for name in names}:
            yield Complaint(place, f"claim {claim.id}: no runs in quick or default", "note")
        for runs, names in profiles.items():
            for text in _too_few(claim, runs * max(1, len(claim.experiment.place.settings)), len(claims)):
                yield Complaint(place, f"claim {claim.id}: {text} ({', '.join(names)})", "note")


def _too_few(claim: Claim, trials: int, family: int) -> Iterator[str]:
    """Why so many runs cannot refute a claim, or hardly support it."""
    judge = judge_of(claim.rule)
    stuck = _irrefutable(claim, trials, family)
    if stuck:
        yield stuck
    power = judge.planned(claim.rule, trials, Plan())
    if power is not None and power < LEAST_POWER:
        needed = judge.runs_for(claim.rule, trials, Plan(), LEAST_POWER)
        more = "" if needed is None else f"; {needed} would do"
        yield f"{trials} runs decide it with probability {power:.2f} if it holds{more}"


def _irrefutable(claim: Claim, trials: int, family: int) -> str:
    """Why no outcome of so many trials refutes a claim of many runs within the error budget; "" where one
    does."""
    judge, rule = judge_of(claim.rule), claim.rule
    least, way_out = judge.least_p(rule)
    if least > FIRST_SHARE * ERROR_BUDGET:
        return f"no number of runs refutes it within the error budget: {way_out}"
    if not judge.many or judge.open_value != "pair":
        return ""
    point = next(iter(claim.experiment.place.points(1, lambda k: generator(0, "check", k))))
    engine, setting = engine_names(claim.experiment)[0], point.setting
    seen = [
        Observation("check", k, k, setting, k, engine, {}, (1.0, 1.0), None, 1, "float64")
        for k in range(trials)
    ]
    far = judge.worst(rule, seen)
    try:
        p = decide(rule, far).p_value if far else None
    except ValueError:
        return ""  # a rule whose values are more than a pair
    level = FIRST_SHARE * ERROR_BUDGET / max(1, family)
    if p is None or p <= level:
        return ""
    return f"no outcome of {trials} runs refutes it within the error budget (p = {p:.2g}, needed {level:.2g})"
