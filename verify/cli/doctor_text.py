"""A diagnosis on the terminal: a table where there is one, plain lines where there is none."""

from __future__ import annotations

from verify.doctor import Diagnosis, Line

__all__ = ["print_diagnosis"]


def print_diagnosis(diagnosis: Diagnosis) -> None:
    """Print conditions, regime, judged claims and the nearest setting."""
    from rich.console import Console

    console = Console()
    s = diagnosis.setting
    print(
        f"n {s.n}, d {s.d}, m {s.m}, sigma_xi {s.sigma_xi:g}, |mu| {s.signal_norm:.4g}, flip rates "
        f"{s.tau_plus:g} and {s.tau_minus:g}, sigma_0 {s.sigma_0:.4g}, eta {s.eta:.4g}"
    )
    print(", ".join(f"{name} {value:.4g}" for name, value in s.groups().items()))
    print()
    if console.is_terminal:
        _table(diagnosis)
    else:
        _plain(diagnosis)
    print("\nRegime")
    for sentence in diagnosis.regime:
        print(f"  {sentence}")
    print(f"\nClaims judged here: {len(diagnosis.judged)}")
    for name in diagnosis.judged:
        print(f"  {name}")
    for reason, count in diagnosis.not_judged.items():
        print(f"  not judged, {reason}: {count}")
    print(f"\nNearest setting for {diagnosis.target}")
    nearest = diagnosis.nearest
    if nearest is None:
        print("  none found by moving n, d, m, sigma_0, eta and |mu|: the flip rates stand in the way")
        return
    if not nearest.changed:
        print("  this one: every condition holds")
    else:
        moves = ", ".join(
            f"{name} to {ratio:g}" if name.startswith("tau") else f"{name} x {ratio:.4g}"
            for name, ratio in nearest.changed.items()
        )
        print(f"  {moves}  (log distance {nearest.distance:.3g})")
    print(f"  {nearest.command}")


def _where(line: Line) -> str:
    check = line.check
    if check.inside:
        return "inside"
    return "outside" if check.slack == 0 else f"outside, by {1 / check.slack:.3g}"


def _table(diagnosis: Diagnosis) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("condition", "value", "threshold", "slack", "", "why"):
        table.add_column(name, justify="right" if name in ("value", "threshold", "slack") else "left")
    group = ""
    for line in diagnosis.lines:
        if line.group != group:
            group = line.group
            table.add_row(f"[bold]{group}[/]")
        check = line.check
        style = "green" if check.inside else "bold red"
        table.add_row(
            f"  {check.name}",
            f"{check.value:.4g}",
            f"{check.threshold:.4g}",
            f"{check.slack:.3g}",
            f"[{style}]{_where(line)}[/]",
            line.condition.why.replace("[", r"\["),
        )
    Console().print(table)


def _plain(diagnosis: Diagnosis) -> None:
    group = ""
    for line in diagnosis.lines:
        if line.group != group:
            group = line.group
            print(group)
        c = line.check
        print(f"  {c.name:18} {c.value:>11.4g} >= {c.threshold:<11.4g} slack {c.slack:<9.3g} {_where(line)}")
