"""Loading claims files: a user's own Python, which registers claims like the built-in papers do."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from theory.claim import Claim
from theory.ledger import Ledger

__all__ = ["ClaimsFileError", "claims_file_of", "load_claims_file", "load_ledger"]

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
    if not path.is_file():
        raise ClaimsFileError(f"--claims-file: no such file: {path}")
    name = f"{MODULE_PREFIX}{abs(hash(path.resolve()))}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ClaimsFileError(f"--claims-file {path}: must be a Python file (.py)")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever the user's file raises, SystemExit included
        del sys.modules[name]
        text = " ".join(str(error).split())
        raise ClaimsFileError(
            f"--claims-file {path}: does not import: {type(error).__name__}: {text}"
        ) from error
    _pickle_by_value(module)
    claims = getattr(module, "CLAIMS", None)
    if not isinstance(claims, list | tuple) or not claims:
        raise ClaimsFileError(f"--claims-file {path}: must define CLAIMS, a non-empty list of theory.Claim")
    for claim in claims:
        if not isinstance(claim, Claim):
            raise ClaimsFileError(
                f"--claims-file {path}: CLAIMS holds a {type(claim).__name__}, not a theory.Claim"
            )
    return list(claims)


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
