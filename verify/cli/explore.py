"""The commands that look beyond a verdict: falsify, doctor, phase. Heavy imports wait for the command."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from verify.cli.options import ClaimsFiles, Outside, check_seed, find_claim
from verify.profiles import PROFILES, worker_count

if TYPE_CHECKING:
    from theory.two_stage.setting import Setting

__all__ = ["doctor", "falsify", "phase"]

#: Cells a side and runs a cell, by profile.
_SIZES = {"quick": (8, 4), "default": (12, 8), "full": (24, 24)}


def falsify(
    claim_id: str,
    budget: Annotated[str, typer.Option(help="time to search, such as 30s, 5m or 1h")] = "1m",
    outside: Outside = None,
    claims_file: ClaimsFiles = None,
    seed: Annotated[int, typer.Option(help="seed of the search, >= 0")] = 0,
) -> int:
    """Search for a counterexample to a claim; exit status 1 when one is found."""
    from verify.budget import parse_budget

    seconds = parse_budget(budget)
    check_seed(seed)
    claim = find_claim(claim_id, claims_file)
    from verify.search.falsify import falsify as search

    result = search(claim, seconds=seconds, outside=outside or [], seed=seed)
    print(f"claim:    {claim.id}: {claim.statement}")
    print(f"searched: {result.searched}")
    skipped = f"; {result.rejected} settings not judged, outside the conditions" if result.rejected else ""
    print(
        f"made:     {result.runs} runs at {result.settings} settings in {result.seconds:.1f} s"
        f" (budget {budget}){skipped}"
    )
    if result.found is None:
        print(f"verdict:  none found in {result.runs} runs")
        print(f"closest:  {result.measured}")
        return 0
    found = result.found
    groups = ", ".join(f"{name} {value:.4g}" for name, value in found.setting.groups().items())
    s = found.setting
    print("verdict:  counterexample found")
    print(f"measured: {found.value}; {result.measured}")
    print(f"setting:  n {s.n}, d {s.d}, m {s.m}, flip rates {s.tau_plus:g} and {s.tau_minus:g}; {groups}")
    print(f"replay:   {found.replay}")
    return 1


def doctor(
    n: Annotated[int, typer.Option("--n", help="samples")] = 100,
    d: Annotated[int | None, typer.Option("--d", help="dimension of a patch (default 100 n^2)")] = None,
    m: Annotated[int, typer.Option("--m", help="filters a side")] = 20,
    sigma_xi: Annotated[float, typer.Option(help="noise scale")] = 1.0,
    n_snr2: Annotated[float | None, typer.Option(help="a = n SNR^2 (default 8); or --signal-norm")] = None,
    signal_norm: Annotated[float | None, typer.Option(help="|mu|; or --n-snr2")] = None,
    tau_plus: Annotated[float, typer.Option(help="flip rate of label +1, in [0, 1/2)")] = 0.1,
    tau_minus: Annotated[float, typer.Option(help="flip rate of label -1, in [0, 1/2)")] = 0.1,
    sigma_0: Annotated[
        float | None, typer.Option("--sigma-0", help="scale of the initial weights; or --kappa-0")
    ] = None,
    kappa_0: Annotated[
        float | None, typer.Option("--kappa-0", help="sigma_0 sigma_xi d / sqrt(n) (default 0.1)")
    ] = None,
    clock_step: Annotated[
        float | None, typer.Option(help="h = eta sigma_xi^2 d / (n m) (default 0.05); or --eta")
    ] = None,
    eta: Annotated[float | None, typer.Option(help="step size; or --clock-step")] = None,
    claim: Annotated[str | None, typer.Option(help="find the nearest setting for this claim")] = None,
    C: Annotated[
        float | None, typer.Option("--C", "--c", help="the constant C of the conditions (default 1)")
    ] = None,
    delta: Annotated[float | None, typer.Option(help="failure probability (default 0.05)")] = None,
    claims_file: ClaimsFiles = None,
    as_json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> None:
    """What holds at a setting, what is judged there, and the nearest setting inside the conditions."""
    setting = _setting(
        n, 100 * n * n if d is None else d, m, sigma_xi, n_snr2, signal_norm, tau_plus, tau_minus, sigma_0,
        kappa_0, clock_step, eta,
    )  # fmt: skip
    from verify.doctor import diagnose
    from verify.load import load_ledger

    chosen = None if claim is None else find_claim(claim, claims_file, "--claim")
    diagnosis = diagnose(setting, list(load_ledger(claims_file or [])), claim=chosen, C=C, delta=delta)
    if as_json:
        print(json.dumps(diagnosis.as_dict(), indent=2, ensure_ascii=False, allow_nan=False))
        return
    from verify.cli.doctor_text import print_diagnosis

    print_diagnosis(diagnosis)


def _setting(
    n: int,
    d: int,
    m: int,
    sigma_xi: float,
    n_snr2: float | None,
    signal_norm: float | None,
    tau_plus: float,
    tau_minus: float,
    sigma_0: float | None,
    kappa_0: float | None,
    clock_step: float | None,
    eta: float | None,
) -> Setting:
    """The setting that the options describe; `signal_norm` and `eta` replace their groups."""
    from theory.two_stage.setting import Setting

    for one, other, both in (
        ("--n-snr2", "--signal-norm", n_snr2 is not None and signal_norm is not None),
        ("--sigma-0", "--kappa-0", sigma_0 is not None and kappa_0 is not None),
        ("--clock-step", "--eta", clock_step is not None and eta is not None),
    ):
        if both:
            raise ValueError(f"{one} and {other} exclude each other: give one of them")
    setting = Setting.from_n_snr2(
        n=n,
        d=d,
        m=m,
        sigma_xi=sigma_xi,
        n_snr2=8.0 if n_snr2 is None else n_snr2,
        tau_plus=tau_plus,
        tau_minus=tau_minus,
        sigma_0=sigma_0,
        kappa_0=0.1 if sigma_0 is None and kappa_0 is None else kappa_0,
        clock_step=0.05 if clock_step is None else clock_step,
    )
    changes = {k: v for k, v in (("signal_norm", signal_norm), ("eta", eta)) if v is not None}
    return setting.with_(**changes)


def phase(
    plane: Annotated[str, typer.Argument(help="snr-tau, dimension-kappa or tau-tau")],
    quantity: Annotated[
        list[str] | None, typer.Option(help="what to draw: event, error, t_half (default all)")
    ] = None,
    cells: Annotated[int | None, typer.Option(help="cells a side, 3 to 100")] = None,
    runs: Annotated[int | None, typer.Option(help="runs a cell")] = None,
    out: Annotated[Path, typer.Option(help="folder of PNG, CSV and JSON")] = Path("reports/phase"),
    profile: Annotated[str, typer.Option(help="quick, default or full: sizes not given")] = "default",
    claim: Annotated[
        str | None, typer.Option(help="hatch cells outside this claim's conditions; 'none' colours all")
    ] = None,
    claims_file: ClaimsFiles = None,
    seed: Annotated[int, typer.Option(help="base seed, >= 0")] = 0,
    jobs: Annotated[int | None, typer.Option(help="worker processes (default: one per core)")] = None,
) -> None:
    """A phase diagram over two parameters, with predicted and located boundaries."""
    planes = ("snr-tau", "dimension-kappa", "tau-tau")
    known = ("event", "error", "t_half")
    if plane not in planes:
        raise ValueError(f"PLANE must be one of {', '.join(planes)}, was {plane!r}")
    for name in quantity or []:
        if name not in known:
            raise ValueError(f"--quantity must be of {', '.join(known)}, was {name!r}")
    if profile not in PROFILES:
        raise ValueError(f"--profile must be one of {', '.join(PROFILES)}, was {profile!r}")
    if cells is not None and not 3 <= cells <= 100:
        raise ValueError(f"--cells must lie in [3, 100], was {cells}")
    if runs is not None and not 1 <= runs <= 10_000:
        raise ValueError(f"--runs must lie in [1, 10000], was {runs}")
    if jobs is not None and jobs < 1:
        raise ValueError(f"--jobs must be at least 1, was {jobs}")
    check_seed(seed)
    from verify.phase.files import check_phase_folder, write_phase

    check_phase_folder(out)
    from verify.phase.boundaries import located_boundaries
    from verify.phase.diagram import EVENT_CLAIM, PLANES, phase_diagram

    chosen = None if claim == "none" else find_claim(claim or EVENT_CLAIM, claims_file, "--claim")
    made = phase_diagram(
        PLANES[plane],
        cells=cells or _SIZES[profile][0],
        runs=runs or _SIZES[profile][1],
        claim=chosen,
        seed=seed,
        jobs=worker_count(jobs),
        progress=sys.stderr.isatty(),
    )
    from verify.report.figures.phase import phase_png

    boundaries = located_boundaries(made)
    paths = write_phase(made, boundaries, phase_png(made, boundaries, quantity or known), out)
    hatched = sum(bool(c.outside) for c in made.cells)
    print(
        f"{plane}: {len(made.cells)} cells, {sum(c.runs for c in made.cells)} runs, {hatched} cells outside"
        f" the conditions of {made.claim_id or 'no claim'}; {made.plane.fixed}"
    )
    for boundary in boundaries:
        print(boundary.text)
    for path in paths:
        print(path)
