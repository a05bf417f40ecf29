"""What the commands share: options, and how a claim is looked up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from verify.profiles import PROFILES

if TYPE_CHECKING:
    from theory.claim import Claim
    from verify.load import Sources

__all__ = [
    "ClaimsFiles",
    "Outside",
    "Papers",
    "check_jobs",
    "check_profile",
    "check_seed",
    "find_claim",
    "find_sources",
    "fits",
    "naming",
]

ClaimsFiles = Annotated[
    list[Path] | None,
    typer.Option("--claims-file", help="Python file(s) with CLAIMS of your own; they are run."),
]
Papers = Annotated[
    list[str] | None,
    typer.Option("--paper", metavar="NAME|DIR", help="only this paper (or a folder of one's own)"),
]
Outside = Annotated[
    list[str] | None,
    typer.Option("--outside", help="condition(s) of the claim of which at least one is to fail"),
]


def find_claim(
    claim_id: str, claims_file: list[Path] | None, what: str = "CLAIM_ID", papers: list[str] | None = None
) -> Claim:
    """The claim of the papers or the files; see `find_sources`."""
    return find_sources(claim_id, claims_file, what, papers)[0]


def find_sources(
    claim_id: str, claims_file: list[Path] | None, what: str = "CLAIM_ID", papers: list[str] | None = None
) -> tuple[Claim, Sources]:
    """The claim, and the papers and files that were loaded for it; an id may lack its first words where the
    rest names one claim alone.

    Raises:
        ValueError: naming the argument, with the claims that end so or near matches.
    """
    import difflib

    from verify.load import load_sources

    sources = load_sources(claims_file or [], papers=papers or [], wanted=[claim_id])
    if claim_id not in sources.ledger:
        ending = [c.id for c in sources.ledger if c.id.endswith(f".{claim_id}")]
        if len(ending) == 1:  # without its first words it is the only one
            return sources.ledger[ending[0]], sources
        if ending:
            raise ValueError(f"{what}: {claim_id!r} may be any of {', '.join(ending[:4])}")
        near = difflib.get_close_matches(claim_id, [c.id for c in sources.ledger], n=3, cutoff=0.4)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        if not claims_file and not near:
            hint = "; for a claim of a file of your own add --claims-file FILE"
        raise ValueError(f"{what}: no claim {claim_id!r}{hint}")
    return sources.ledger[claim_id], sources


def fits(claim: Claim, pattern: str) -> bool:
    """Whether the id or the item of a claim contains a text, in either case, or matches it as a glob."""
    names = (claim.id.lower(), claim.source.item.lower())
    text = pattern.lower()
    return any(text in name or fnmatchcase(name, text) for name in names)


def check_profile(profile: str) -> None:
    """Raise ValueError for a profile that there is not."""
    if profile not in PROFILES:
        raise ValueError(f"--profile must be one of {', '.join(PROFILES)}, was {profile!r}")


def check_jobs(jobs: int | None) -> None:
    """Raise ValueError for fewer workers than one; None leaves their number open."""
    if jobs is not None and jobs < 1:
        raise ValueError(f"--jobs must be at least 1, was {jobs}")


def check_seed(seed: int) -> None:
    """Raise ValueError when a seed is out of range."""
    if not 0 <= seed < 2**63:
        raise ValueError(f"--seed must be an integer in [0, 2^63), was {seed}")


@contextmanager
def naming(argument: str) -> Iterator[None]:
    """Puts the argument's name before the message of a ValueError."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{argument}: {error}") from error
