"""The paper's items, as its report shows them: what is stated, and the claims that test it.

The paper itself was not at hand: its statements are those of its abstract, of a secondary note and of the
released code, as `sources` says.
"""

from __future__ import annotations

from theory.item import Item

__all__ = ["ITEMS"]


def _ids(*names: str) -> tuple[str, ...]:
    return tuple(f"label_noise_sgd.{name}" for name in names)


ITEMS: tuple[Item, ...] = (
    Item(
        "Theorem 4.2 and Lemma 4.3 (Phase I)",
        _ids(
            "identity.balance", "one_step.drift", "one_step.decrease_probability",
            "reading.balance_falls_at_every_step", "decay.rate", "duration.escape", "duration.crossover",
        ),
        r"Label noise lowers $|w_i|^2 - a_i^2$ step by step; weight magnitudes shrink and the model leaves "
        r"the lazy regime within $T_1 = O(\sqrt{\log m}/(\sigma^2\eta^2\sqrt m))$ steps.",
    ),
    Item(
        "Lemma 4.4 (oscillation of the second layer)",
        _ids("second_layer.oscillation", "reading.oscillation_from_the_start", "forced.decay",
             "forced.persistent"),
        "The second layer follows a three-state Markov process; its oscillation alone shrinks the first "
        "layer.",
    ),
    Item(
        "Lemmas 4.5 and 4.6 (Phase II)",
        _ids("small_start.half_time", "small_start.logistic", "small_start.alignment", "floor.tangent"),
        r"After $T_2 = \ln(1/\eta)/|\theta^*|$ alignment is at least $1 - O(\ln(1/\eta)\sqrt\eta)$; after a "
        r"further $T_3 = O(\ln(1/\eta)/\eta)$, $|\theta - \theta^*| \le O(\eta\ln(1/\eta))$.",
    ),
    Item(
        "Condition on the target",
        _ids("adiabaticity.fails_at_small_target", "reading.alignment_at_small_target"),
        r"The theorems ask for $|\theta^*| \le m^{-1/4}$.",
    ),
    Item(
        "The released experiments",
        _ids("readme.norms_first", "readme.then_alignment", "readme.lazy_without_noise", "periodic.on",
             "periodic.off", "notebook.bias_explains", "reading.notebook_isolates_the_noise"),
        "First-layer weights shrink, then align; without label noise they do neither; norms fall only while "
        "the noise is on.",
    ),
    Item(
        "Abstract (the principles extend to SAM)",
        _ids("sam.sample_rate", "sam.rest_u", "sam.full_batch_does_not_align",
             "reading.sam_is_like_label_noise"),
        "Sharpness-aware minimisation drives the same passage from lazy to rich.",
    ),
    Item(
        "The whole path, sharp",
        _ids("identity.transport", "curve.across_1",
             "curve.along_1", "alignment.cosine_3", "rest.u", "floor.across", "stability.inside",
             "stability.beyond", "cause.no_drift_under_full_batch"),
        "One slow curve goes through both phases; its clock, its rest point, its floor and the edge of "
        "stability have closed forms.",
        beyond=True,
    ),
)  # fmt: skip
