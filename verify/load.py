"""Loading claims files: a user's own Python, which registers claims like the built-in papers do."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, UnionType

from theory.claim import Claim
from theory.condition import Constants
from theory.experiment import Experiment
from theory.ledger import Ledger
from theory.source import Source
from verify.rules.registry import find_judge
from verify.user_file import import_user_file

__all__ = ["ClaimsFileError", "claims_file_of", "claims_module", "load_claims_file", "load_ledger"]

#: Fields of a claim that are used before anything could say what is wrong with them.
_FIELDS: tuple[tuple[str, type | UnionType, str], ...] = (
    ("source", Source, "a theory.Source"),
    ("statement", str, "text"),
    ("experiment", Experiment, "a theory.Experiment"),
    ("conditions", tuple, "a tuple of conditions"),
    ("constants", Constants, "a theory.Constants"),
    ("parents", tuple, "a tuple of claim ids"),
    ("measured", str, "text"),
    ("note", str, "text"),
)

#: Claims files are loaded as modules of this prefix, so that a claim's file can be named again.
MODULE_PREFIX = "claims_file_"


class ClaimsFileError(ValueError):
    """A claims file that cannot be used; the message is one line naming the file and the reason."""


def load_claims_file(path: Path) -> list[Claim]:
    """The claims in a file's `CLAIMS`.

    The file is the user's own code and is run as such.

    Raises:
        ClaimsFileError: when it is missing, does not import, or has no list `CLAIMS` of claims.
    """
    module = import_user_file(path, MODULE_PREFIX, "--claims-file", ClaimsFileError)
    _pickle_by_value(module)
    claims = vars(module).get("CLAIMS")
    if not isinstance(claims, list | tuple) or not claims:
        raise ClaimsFileError(f"--claims-file {path}: must define CLAIMS, a non-empty list of theory.Claim")
    for claim in claims:
        if not isinstance(claim, Claim):
            raise ClaimsFileError(
                f"--claims-file {path}: CLAIMS holds a {type(claim).__name__}, not a theory.Claim"
            )
        for name, kind, allowed in _FIELDS:
            if not isinstance(getattr(claim, name), kind):
                raise ClaimsFileError(
                    f"--claims-file {path}: claim {claim.id}: {name} must be {allowed}, was a"
                    f" {type(getattr(claim, name)).__name__}"
                )
        if find_judge(claim.rule) is None or not isinstance(getattr(claim.rule, "kind", None), str):
            raise ClaimsFileError(
                f"--claims-file {path}: claim {claim.id}: rule must be one of theory's rules, or of a kind"
                f" with a judge of its own (verify.rules.registry.register), was a"
                f" {type(claim.rule).__name__}"
            )
    return list(claims)


def claims_module(path: Path) -> ModuleType:
    """The module of a claims file that was loaded before.

    Raises:
        KeyError: when it was not.
    """
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name.startswith(MODULE_PREFIX) and file and Path(file).resolve() == path.resolve():
            return module
    raise KeyError(str(path))


def _pickle_by_value(module: ModuleType) -> None:
    # Worker processes cannot import the file by name, so its functions travel whole.
    import cloudpickle

    cloudpickle.register_pickle_by_value(module)


def claims_file_of(claim: Claim) -> Path | None:
    """The claims file that a claim's measure comes from; None for a built-in claim."""
    name = getattr(claim.measure, "__module__", "") or ""
    if not name.startswith(MODULE_PREFIX) or name not in sys.modules:
        return None
    file = sys.modules[name].__file__
    return None if file is None else Path(file)


def load_ledger(files: list[Path]) -> Ledger:
    """The built-in claims, then those of the files.

    Raises:
        ClaimsFileError: for an unusable file, a repeated id or an unknown parent.
    """
    from theory.ledger import builtin_ledger

    ledger = builtin_ledger()
    for path in files:
        for claim in load_claims_file(path):
            try:
                ledger.register(claim)
            except ValueError as error:
                raise ClaimsFileError(f"--claims-file {path}: {error}") from error
    try:
        ledger.check()
    except ValueError as error:
        raise ClaimsFileError(f"--claims-file: {error}") from error
    return ledger
