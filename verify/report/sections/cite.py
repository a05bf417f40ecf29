"""How to cite, and how to make the whole report again."""

from __future__ import annotations

import shlex

from verify.report.blocks import Block, Items, Link, Plain, Section, Text
from verify.report.sections.material import Material

__all__ = ["section"]


def section(material: Material) -> Section:
    """The paper, this report, and the command behind it."""
    info, papers = material.verification.run_info, material.verification.papers
    blocks: list[Block] = []
    if papers:
        cited = tuple(Plain(str(p.reference)) for p in papers)
        blocks += [Text("The paper whose claims are judged:"), Items(cited)]
    commit = f", commit {str(info['git_commit'])[:12]}" if info.get("git_commit") else ""
    version = info.get("version")
    name = "theorem-verifier" + (f" {version}" if version else "")
    finished = f", finished {info['finished']}" if info.get("finished") else ""
    ours = f"This report: {name}{commit}, profile {info.get('profile')}, seed {info.get('seed')}{finished}."
    blocks.append(Text(Plain(ours)))
    selected = info.get("selected") or {"--paper": [p.name for p in papers]}
    options = [f"{name} {shlex.quote(str(v))}" for name, values in selected.items() for v in values]
    options += [f"--{key} {info[key]}" for key in ("profile", "seed") if info.get(key) is not None]
    if info.get("place", "own") != "own":
        options.append(f"--place {info['place']}")
    blocks.append(Text(" ".join(["python -m verify run", *options, "--out reports/again"]), "command"))
    blocks.append(Text(Link("appendix.html#versions", "Versions of everything that made it"), "small"))
    return Section("cite", "How to cite", tuple(blocks))
