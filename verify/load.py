"""Loading claims: of built-in papers, of a paper in a folder of one's own, of claims files."""

from __future__ import annotations

import inspect
import re
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from simulation.user_file import import_user_file, import_user_folder, module_name
from theory.claim import Claim
from theory.condition import Constants
from theory.experiment import Experiment
from theory.ledger import Ledger
from theory.paper import Paper, find_papers, load_paper, load_papers, paper_names
from theory.place import Box, class_made
from theory.run import Run
from theory.source import Source
from verify.check import SECONDS, check_model
from verify.rules.registry import find_judge, judge_of

__all__ = [
    "ClaimReference",
    "ClaimsFileError",
    "Sources",
    "claims_file_of",
    "claims_listed",
    "claims_module",
    "experiments_of_their_own",
    "faults_of_claim",
    "load_claims_file",
    "load_sources",
    "reference_box_of",
    "source_options",
    "travelling",
]

#: Claims files are loaded as modules of this prefix, so that a claim's file can be named again.
MODULE_PREFIX = "claims_file_"

#: Fields of a claim that are used before anything could say what is wrong with them.
_FIELDS: tuple[tuple[str, type, str], ...] = (
    ("source", Source, "a theory.Source"),
    ("statement", str, "text"),
    ("experiment", Experiment, "a theory.Experiment"),
    ("conditions", tuple, "a tuple of conditions"),
    ("constants", Constants, "a theory.Constants"),
    ("parents", tuple, "a tuple of claim ids"),
    ("corrected_by", str, "the id of a claim, '' for none"),
    ("measured", str, "text"),
    ("note", str, "text"),
)


class ClaimsFileError(ValueError):
    """A claims file that cannot be used; the message is one line naming the file and the reason."""


@dataclass(frozen=True)
class Sources:
    """Where claims come from: papers by name, and the claims of files.

    Args:
        papers: built-in, installed, or in a folder.
        files: claims files, as they were given.
        ledger: all claims together, checked.
        folders: of papers of one's own.
    """

    papers: dict[str, Paper]
    files: tuple[Path, ...]
    ledger: Ledger
    folders: tuple[Path, ...] = ()

    @property
    def own_files(self) -> tuple[Path, ...]:
        """Files of one's own on which results depend, with all that lies beside them (`code_version`)."""
        return (*self.files, *(folder / "paper.py" for folder in self.folders))

    def paper_of(self, claim: Claim) -> Paper | None:
        """The paper that a claim belongs to; None for a claim of a file."""
        return next((p for p in self.papers.values() if any(c.id == claim.id for c in p.claims)), None)


@dataclass(frozen=True)
class ClaimReference:
    """A claim's measure by the place where it stands, for workers that import its file themselves."""

    path: str
    claim_id: str

    def __call__(self, run: Run) -> Any:
        return self.claim.measure(run)

    @property
    def claim(self) -> Claim:
        """The claim in its file, imported on first use."""
        path = Path(self.path)
        module = sys.modules.get(module_name(path, MODULE_PREFIX)) or _imported(path)
        found: Claim = next(claim for claim in module.CLAIMS if claim.id == self.claim_id)
        return found

    @property
    def rests_on(self) -> Any:
        """The measure itself: what a digest of this is one of (`verify.store.reached`)."""
        return self.claim.measure

    @property
    def __code__(self) -> Any:
        return inspect.unwrap(self.claim.measure).__code__


def travelling(claim: Claim) -> Any:
    """The measure as it is handed to workers: by reference where a claims file holds the very claim."""
    path = claims_file_of(claim)
    if path is None:
        return claim.measure
    held = [c.measure for c in claims_module(path).CLAIMS if c.id == claim.id]
    return ClaimReference(str(path), claim.id) if held == [claim.measure] else claim.measure


def _imported(path: Path) -> ModuleType:
    return import_user_file(path, MODULE_PREFIX, "--claims-file", ClaimsFileError)


def load_claims_file(path: Path) -> list[Claim]:
    """The claims in a file's `CLAIMS`.

    The file is the user's own code and is run as such.

    Raises:
        ClaimsFileError: when it is missing, does not import, or has no list `CLAIMS` of claims.
    """
    claims = claims_listed(path)
    for claim in claims:
        for fault in faults_of_claim(claim):
            raise ClaimsFileError(f"--claims-file {path}: {fault}")
    for experiment in (own := experiments_of_their_own(c.experiment for c in claims)):
        try:
            check_model(experiment, seconds=SECONDS / len(own))
        except ValueError as error:
            raise ClaimsFileError(f"--claims-file {path}: {error}") from error
    return list(claims)


def claims_listed(path: Path) -> Sequence[Any]:
    """What a file's `CLAIMS` holds, not yet looked at.

    Raises:
        ClaimsFileError: when the file is missing, does not import, or has no list `CLAIMS`.
    """
    claims: Sequence[Any] | None = vars(_imported(path)).get("CLAIMS")
    if not isinstance(claims, list | tuple) or not claims:
        raise ClaimsFileError(f"--claims-file {path}: must define CLAIMS, a non-empty list of theory.Claim")
    return claims


def faults_of_claim(claim: Any) -> Iterator[str]:
    """What cannot be used of an entry of `CLAIMS`, each in one line."""
    if not isinstance(claim, Claim):
        yield f"CLAIMS holds a {type(claim).__name__}, not a theory.Claim"
        return
    for name, kind, allowed in _FIELDS:
        if not isinstance(getattr(claim, name), kind):
            yield f"claim {claim.id}: {name} must be {allowed}, was a {type(getattr(claim, name)).__name__}"
    if find_judge(claim.rule) is None or not isinstance(getattr(claim.rule, "kind", None), str):
        yield (
            f"claim {claim.id}: rule must be one of theory's, or one that the file has registered, was a "
            f"{type(claim.rule).__name__}"
        )
    elif isinstance(claim.experiment, Experiment):
        fault = judge_of(claim.rule).place_fault(claim.rule, claim.experiment)
        if fault:
            yield f"claim {claim.id}: {fault}"


def experiments_of_their_own(experiments: Iterable[Experiment]) -> list[Experiment]:
    """Those whose runs no built-in engine makes, each once."""
    found = dict.fromkeys(experiments)
    return [experiment for experiment in found if not _built_in(experiment)]


def _built_in(experiment: Experiment) -> bool:
    try:
        model = experiment.of_model
    except ValueError:  # reported by the check
        return False
    return isinstance(model.engines, str) and model.engines.partition(".")[0] == "simulation"


def claims_module(path: Path) -> ModuleType:
    """The module of a claims file that was loaded before.

    Raises:
        KeyError: when it was not.
    """
    name = module_name(path, MODULE_PREFIX)
    if name not in sys.modules:
        raise KeyError(str(path))
    return sys.modules[name]


def claims_file_of(claim: Claim) -> Path | None:
    """The loaded claims file that a claim comes from; None for one that no file holds.

    The file that holds the very claim goes first, then the one its measure stands in, then one that holds
    a claim of its id: changed copies of a claim are the file's too.
    """
    loaded = [sys.modules[name] for name in _claims_modules(len(sys.modules), next(reversed(sys.modules)))]
    if not loaded:
        return None
    listed = {id(m): vars(m).get("CLAIMS") for m in loaded}
    held = {key: claims if isinstance(claims, list | tuple) else () for key, claims in listed.items()}
    for wanted in (
        lambda m: any(c is claim for c in held[id(m)]),
        lambda m: m.__name__ == getattr(claim.measure, "__module__", None),
        lambda m: any(getattr(c, "id", None) == claim.id for c in held[id(m)]),
    ):
        for module in reversed(loaded):
            if wanted(module) and module.__file__ is not None:
                return Path(module.__file__)
    return None


@lru_cache(maxsize=1)
def _claims_modules(count: int, last: str) -> tuple[str, ...]:
    """Names of the modules of claims files, looked for again when modules have come or gone: there are
    thousands, and every judgement of every verification asks."""
    return tuple(name for name in list(sys.modules) if name.startswith(MODULE_PREFIX))


def reference_box_of(claim: Claim) -> Box | None:
    """The box of the claim's settings that its claims file declares as `REFERENCE_BOX`; None without one.

    Raises:
        ClaimsFileError: when that is no box and no tuple of boxes.
    """
    path = claims_file_of(claim)
    if path is None:
        return None
    declared = getattr(claims_module(path), "REFERENCE_BOX", ())
    boxes = declared if isinstance(declared, tuple) else (declared,)
    if not all(isinstance(box, Box) for box in boxes):
        raise ClaimsFileError(
            f"--claims-file {path}: REFERENCE_BOX must be a theory.Box, or a tuple of them,"
            f" was {repr(declared)[:60]}"
        )
    return next((box for box in boxes if class_made(box) is claim.experiment.setting_class), None)


def source_options(claim: Claim) -> str:
    """The option with which a command finds a claim, after a space: its file, or its paper's folder; nothing
    for a built-in one."""
    file = claims_file_of(claim)
    if file is not None:
        return f" --claims-file {shlex.quote(str(file))}"
    module = sys.modules.get(f"{claim.paper}.paper")
    found = getattr(module, "THIS", None)
    if isinstance(found, Paper) and claim.id in found.claim_map and module and module.__file__:
        return f" --paper {shlex.quote(str(Path(module.__file__).parent))}"
    return ""


def load_sources(
    files: Sequence[Path] = (), *, papers: Sequence[str] = (), wanted: Iterable[str] = ()
) -> Sources:
    """Papers and claims files.

    Args:
        files: claims files.
        papers: names of papers or of built-in folders of papers, or folders of papers of one's own; () for
            the built-in papers that are not optional.
        wanted: ids or globs of the claims that will be asked for: where every one begins with the name of a
            paper, or of a folder of papers, or of none while there are files, no other paper is loaded. One
            id loads one paper.

    Raises:
        ClaimsFileError: for an unusable file, a repeated id or an unknown parent.
        ValueError: naming --paper, for an unknown paper or an unusable folder.
    """
    loaded = {paper.name: paper for text in papers for paper in _papers(text)}
    listed = [(path, load_claims_file(path)) for path in files]
    if not papers:
        parents = [parent for _, claims in listed for claim in claims for parent in claim.parents]
        loaded = _needed((*wanted, *parents) if wanted else (), bool(files))
    ledger = Ledger(claim for paper in loaded.values() for claim in paper.claims)
    for path, claims in listed:
        for claim in claims:
            try:
                ledger.register(claim)
            except ValueError as error:
                raise ClaimsFileError(f"--claims-file {path}: {error}") from error
    try:
        ledger.check()
    except ValueError as error:
        raise ClaimsFileError(f"--claims-file: {error}" if files else str(error)) from error
    folders = tuple(Path(text).resolve() for text in papers if _is_folder(text))
    return Sources(loaded, tuple(files), ledger, folders)


def _needed(wanted: Sequence[str], files: bool) -> dict[str, Paper]:
    """The papers that the wanted claims may belong to; all that are not optional where that cannot be
    told.
    """
    known = paper_names()
    names: list[str] = []
    for pattern in wanted:
        head = re.split(r"[*?[]", pattern, maxsplit=1)[0]
        fitting = [n for n in known if head.startswith(f"{n}.") or ("." in head and f"{n}.".startswith(head))]
        plain = not set("*?[") & set(pattern.split(".")[0])
        if not fitting and not (plain and files):
            return find_papers()
        names += [name for name in fitting if name not in names]
    return {name: load_paper(name) for name in names} if wanted else find_papers()


def _is_folder(text: str) -> bool:
    built_in = any(f"{name}.".startswith(f"{text}.") for name in paper_names())
    return not built_in and (Path(text).is_dir() or "/" in text)


def _papers(text: str) -> tuple[Paper, ...]:
    """A built-in or installed paper by name, those of a built-in folder of papers, or that of a folder of
    one's own."""
    folder = Path(text)
    if not _is_folder(text):
        try:
            return load_papers(text)
        except ValueError as error:
            raise ValueError(f"--paper: {error}") from error
    found = vars(import_user_folder(folder, "paper", "--paper")).get("THIS")
    if not isinstance(found, Paper):
        raise ValueError(f"--paper {folder}: paper.py must define THIS, a theory.Paper")
    for claim in found.claims:
        for fault in faults_of_claim(claim):
            raise ValueError(f"--paper {folder}: {fault}")
    for experiment in (own := experiments_of_their_own(c.experiment for c in found.claims)):
        try:
            check_model(experiment, seconds=SECONDS / len(own))
        except ValueError as error:
            raise ValueError(f"--paper {folder}: {error}") from error
    return (found,)
