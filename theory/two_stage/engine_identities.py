"""The engines that the other claims are judged on obey the same recursions as the real network.

The closure ("reduced") and its law ("law") stand in for the network everywhere but in the identities of
section 2. These claims hold them to the recursions step by step, from their own records, so that an engine
with a
mistake refutes a claim and not only a test.
"""

from __future__ import annotations

from dataclasses import replace

from theory.claim import Claim
from theory.rules import Identity
from theory.two_stage.exact import CLAIMS as EXACT_CLAIMS
from theory.two_stage.experiments import EXACT
from theory.two_stage.sources import here

__all__ = ["CLAIMS", "CLOSURE_ENGINES"]

#: The settings of the identities on real networks, run by the other two engines.
CLOSURE_ENGINES = replace(EXACT, id="two_stage.closure_engines", engines=("law", "reduced"))

_RULE = Identity(
    factor=256.0, reason="a step sums up to n (d + m) products; 256 eps a step, as for the real network"
)


def _of(name: str, what: str, statement: str) -> Claim:
    (true,) = (c for c in EXACT_CLAIMS if c.id == f"two_stage.{name}")
    return replace(
        true,
        id=f"two_stage.engine.{what}",
        source=here("docs/engines.md"),
        provenance="derived",
        statement=statement,
        rule=_RULE,
        experiment=CLOSURE_ENGINES,
        parents=(true.id,),
        proof=None,
        prediction=None,
        measured=f"{true.measured.split(';')[0]}; engines law and reduced in place of the network",
        note="",
    )


CLAIMS = (
    _of("recursion.gamma", "gamma", r"Steps of the closure engines follow the recursion of $\gamma$"),
    _of("recursion.rho", "rho", r"Steps of the closure engines follow the recursion of $\rho$"),
    _of(
        "closure",
        "margins",
        r"Margins of the closure engines are those of $A^{(0)} + C^{(t)}D^{-1}K$ and the observed labels",
    ),
)
