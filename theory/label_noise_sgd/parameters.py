"""How settings of this paper are made of named values, for sweeps, `doctor` and the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from theory.label_noise_sgd.net_settings import NotebookSetting
from theory.label_noise_sgd.setting import LinearSetting
from theory.parameters import Parameter, Parameters

__all__ = ["LINEAR", "NOTEBOOK", "regime"]


def _linear(values: Mapping[str, Any]) -> LinearSetting:
    return LinearSetting(**values)


def _notebook(values: Mapping[str, Any]) -> NotebookSetting:
    return NotebookSetting(**values)


LINEAR = Parameters(
    parameters=(
        Parameter("m", "neurons", whole=True, default=100),
        Parameter("d", "inputs", whole=True, default=10),
        Parameter("eta", "step", default=1e-3),
        Parameter("sigma", "size of the label noise", default=0.0),
        Parameter("batch", "samples a step", whole=True, default=1),
        Parameter("target", "|theta*|", default=1.0),
        Parameter("rho", "radius of sharpness-aware minimisation, 0 for none", default=0.0),
        Parameter("n", "size of the data set, 0 for new inputs at every step", whole=True, default=0),
        Parameter("spread", "eigenvalues of Sigma fall like k^-spread", default=0.0),
        Parameter("start", "size of every initial entry, 0 for the lazy start", default=0.0),
        Parameter("variance", "of an imposed second layer, 0 where it is trained", default=0.0),
        Parameter("persistence", "of an imposed second layer", default=0.0),
    ),
    make=_linear,
)

NOTEBOOK = Parameters(
    parameters=(
        Parameter("n", "images", whole=True, default=20),
        Parameter("inputs", "pixels", whole=True, default=512),
        Parameter("width", "hidden units", whole=True, default=96),
        Parameter("classes", "classes", whole=True, default=10),
        Parameter("p", "chance that a label is replaced", default=0.5),
        Parameter("eta", "step", default=6e-3),
    ),
    make=_notebook,
)


def regime(setting: Any) -> tuple[str, ...]:
    """Sentences that say where a setting lies."""
    if not isinstance(setting, LinearSetting):
        return ()
    edge = setting.amplified
    out = [
        f"c_B m/d = {edge:.3g}: "
        + (
            "inside the edge of mean-square stability, 1."
            if edge < 0.7
            else "near the edge of mean-square stability, 1."
            if edge < 1
            else "beyond the edge of mean-square stability, 1: the residual grows."
        )
    ]
    if setting.sigma > 0:
        out.append(
            f"chi = {setting.chi:.3g}: "
            + (
                "the slow motion is adiabatic; one curve goes through both phases."
                if setting.chi < 0.03
                else "the closed forms hold to first order in chi."
                if setting.chi < 0.3
                else "far from adiabatic: alignment is slower than the slow curve, and may stop short of 1."
            )
        )
        out.append(f"Phase I loses a factor e in about {1 / setting.kappa:.3g} steps.")
    return tuple(out)
