"""All that the claims on images offer to commands and reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from theory.claim import Claim
from theory.falsehood import Falsehood
from theory.images import audit, bridge, controls, own_network, selecting, stage_one, stopping
from theory.images.conditions import CONDITIONS, CONSTANTS
from theory.images.exhibits import EXHIBITS
from theory.images.experiments import BOX
from theory.images.items import ITEMS
from theory.images.letters import LETTERS
from theory.images.questions import QUESTIONS
from theory.images.setting import BridgeSetting, ImageSetting, PatchSetting, ScoreSetting
from theory.images.tables import TABLES
from theory.images.validation import validation_needed
from theory.ledger import Ledger
from theory.paper import Paper
from theory.parameters import Parameter, Parameters
from theory.source import Reference

__all__ = ["CLAIMS", "THIS"]

_FULL = "judged in the full profile: its trainings do not fit the time of the default one"


def _noted(claim: Claim) -> Claim:
    """The claim, with the reason why the default profile makes no runs for it."""
    if claim.experiment.runs["default"]:
        return claim
    return replace(claim, note="; ".join(part for part in (claim.note, _FULL) if part))


CLAIMS: tuple[Claim, ...] = tuple(
    _noted(claim)
    for claim in (
        *controls.CLAIMS,
        *stage_one.CLAIMS,
        *stopping.CLAIMS,
        *selecting.CLAIMS,
        *own_network.CLAIMS,
        *bridge.CLAIMS,
        *audit.CLAIMS,
    )
)


def _falsehoods(ledger: Ledger) -> Iterable[Falsehood]:
    from theory.images.falsehoods import falsehoods

    return falsehoods(ledger)


def _regime(setting: Any) -> tuple[str, ...]:
    """Where a setting lies, in words."""
    if not isinstance(setting, ImageSetting):
        return ()
    needed = validation_needed(setting.flip_rate, 2 if setting.classes != "all" else 10)
    return (
        f"{setting.n} training images, {setting.validation_images} validation images with observed labels.",
        f"To see a drop of .1 in accuracy through the flips at two standard errors, {needed} validation "
        "images are "
        "needed.",
    )


def _image_setting(values: Mapping[str, Any]) -> ImageSetting:
    return ImageSetting(**values)


_PARAMETERS = Parameters(
    (
        Parameter("classes", "the classes, as 3v8", default="3v8"),
        Parameter("n", "training images", whole=True, default=214),
        Parameter("flip_rate", "probability that a label is flipped", default=0.2),
        Parameter("flip_kind", "which labels", default="symmetric",
                  words=("symmetric", "pair", "class", "cluster", "boundary")),
        Parameter("net", "the network", default="cnn",
                  words=("cnn", "mlp", "mlp_dropout", "paper", "vgg11", "resnet18")),
        Parameter("lr", "learning rate", default=0.05),
        Parameter("batch", "images a step, 0 for all", whole=True, default=32),
    ),
    _image_setting,
)  # fmt: skip

THIS = Paper(
    name="images",
    reference=Reference(
        authors="Han et al.",
        year=2025,
        title="On the Role of Label Noise in the Feature Learning Process (its experiments on images)",
        where="ICML",
        link="https://arxiv.org/abs/2505.18909",
    ),
    claims=CLAIMS,
    settings=(ImageSetting, PatchSetting, BridgeSetting, ScoreSetting),
    conditions=CONDITIONS,
    constants=CONSTANTS,
    parameters={ImageSetting: _PARAMETERS},
    reference_box=BOX,
    regime=_regime,
    exhibits=EXHIBITS,
    questions=QUESTIONS,
    items=ITEMS,
    letters=LETTERS,
    tables=TABLES,
    falsehoods=_falsehoods,
    commands={
        "images": "simulation.images.command.answer",
        "audit": "verify.audit.command.main",
    },
)
