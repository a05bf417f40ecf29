"""A diagnosis on the terminal: a table where there is one, plain lines where there is none."""

from __future__ import annotations

from collections.abc import Sequence

from verify.doctor import Diagnosis, Line, NearestSetting
from verify.setting_text import setting_text

__all__ = ["print_diagnosis"]


def print_diagnosis(diagnosis: Diagnosis) -> None:
    """Print conditions, regime, judged claims and the nearest setting."""
    from rich.console import Console

    console = Console()
    print(setting_text(diagnosis.setting))
    print()
    if console.is_terminal:
        _table(diagnosis)
    else:
        _plain(diagnosis)
    if diagnosis.regime:
        print("\nRegime")
    for sentence in diagnosis.regime:
        print(f"  {sentence}")
    print(f"\nClaims judged here: {len(diagnosis.judged)} (--json names them)")
    for item, count in diagnosis.items.items():
        print(f"  {count:4} {item}")
    for reason, count in diagnosis.not_judged.items():
        print(f"  not judged, {reason}: {count}")
    if diagnosis.others:
        print("\nNo setting meets all of these conditions together.")
    for target, nearest in ((diagnosis.target, diagnosis.nearest), *diagnosis.others):
        _nearest(target, nearest, diagnosis.moves)


def _nearest(target: str, nearest: NearestSetting | None, moved: Sequence[str]) -> None:
    print(f"\nNearest setting for {target}")
    if nearest is None:
        print(f"  none found by moving {', '.join(moved)}")
        return
    moves = [f"{name} x {ratio:.4g}" for name, ratio in nearest.changed.items()]
    moves += [f"{name} to {value:g}" for name, value in nearest.rates.items()]
    if moves:
        print(f"  {', '.join(moves)}  (log distance {nearest.distance:.3g})")
    else:
        print("  this one: every condition holds")
    print(f"  {nearest.command or setting_text(nearest.setting)}")


def _where(line: Line) -> str:
    check = line.check
    if check.inside:
        return "inside"
    if check.factor is None:
        return "outside, its left side is not positive"
    return f"outside, by {check.factor:.3g}"


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
    wide = max((len(line.check.name) for line in diagnosis.lines), default=18)
    print(f"  {'condition':{wide}} {'value':>11}    {'threshold':<11} {'value/thr.':<15} where")
    for line in diagnosis.lines:
        if line.group != group:
            group = line.group
            print(group)
        c = line.check
        print(
            f"  {c.name:{wide}} {c.value:>11.4g} >= {c.threshold:<11.4g} slack {c.slack:<9.3g} {_where(line)}"
        )
