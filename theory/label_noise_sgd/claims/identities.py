"""What holds exactly, whatever the data, the residuals, the batch and the noise; and the law of one step."""

from __future__ import annotations

from typing import Any

from theory.claim import Claim
from theory.label_noise_sgd import experiments as runs
from theory.label_noise_sgd import proofs
from theory.label_noise_sgd.conditions import CONSTANTS
from theory.label_noise_sgd.measure import beyond
from theory.label_noise_sgd.measure import identities as measure
from theory.label_noise_sgd.sources import here, note
from theory.rules import Identity, Law, Universal, UniversalBound, ZScores

__all__ = ["CLAIMS"]


def _claim(name: str, statement: str, rule: Any, function: Any, experiment: Any, **more: Any) -> Claim:
    values: dict[str, Any] = {"source": here("C1-C6"), "provenance": "derived", "constants": CONSTANTS}
    values |= more
    return Claim(
        id=f"label_noise_sgd.{name}",
        statement=statement,
        rule=rule,
        measure=function,
        experiment=experiment,
        **values,
    )


CLAIMS: tuple[Claim, ...] = (
    _claim(
        "identity.transport",
        r"All neurons are moved by one linear map: $Z_T = Z_0 \prod_t (I - \eta H(g_t))$, "
        r"$H(g) = g e^T + e g^T$ with e the axis of the output weight, whatever data, residuals, "
        r"batch and noise.",
        Identity(),
        measure.transport,
        runs.IDENTITIES,
        proof=proofs.transport,
        measured="largest $|Z_T - Z_0 \\Phi_T|$ over records, relative to the largest $|Z|$",
        note="$\\Phi$ is taken from a run of $d+1$ neurons, Z from a plain loop over all m.",
    ),
    _claim(
        "identity.compression",
        r"A run of m neurons is $U$ times the run of $\min(m, d+1)$ neurons from $R$, where $Z_0 = U R$.",
        Identity(),
        measure.compression,
        runs.IDENTITIES,
        proof=proofs.compression,
        measured="largest difference of Z, relative to the largest $|Z|$",
    ),
    _claim(
        "identity.balance",
        r"Per neuron $|w_i(T)|^2 - a_i(T)^2 = |w_i(0)|^2 - a_i(0)^2 + QV_T(w_i) - QV_T(a_i)$, "
        r"QV the sum of squared steps.",
        Identity(),
        measure.balance,
        runs.IDENTITIES,
        source=note("Theorem 4.2 and Lemma 4.3, the exact statement"),
        proof=proofs.balance,
        measured="largest residual over neurons, relative to the largest $|z|^2$",
        note="The note calls the right-hand side the change of the norm; exactly it is that of the balance.",
    ),
    _claim(
        "identity.volume",
        r"$\ln\det Z_T^T Z_T = \ln\det Z_0^T Z_0 + 2 \sum_t \ln|1 - \eta^2 |g_t|^2|$: volume falls at every "
        r"step while $\eta|g| < \sqrt{2}$, and gradient flow keeps it.",
        Identity(
            factor=2048.0, reason="a determinant of d+1 singular values down to exp(-15) of the largest"
        ),
        measure.volume,
        runs.IDENTITIES,
        proof=proofs.volume,
        measured="residual over d + 1, while the volume has changed by less than 15 nats",
    ),
    _claim(
        "identity.obstruction",
        r"$M_\perp \geq [\det P_0 \prod_t (1-\eta^2|g_t|^2)^2/(u s)]^{1/(d-1)}$: a whole layer cannot align "
        r"without spending $\sum \eta^2 |g|^2$.",
        UniversalBound(rounding=1e-9, loose=20.0),
        measure.obstruction,
        runs.IDENTITIES,
        proof=proofs.obstruction,
        parents=("label_noise_sgd.identity.volume",),
        measured="largest bound over $M_\\perp$ along the run, and 1",
    ),
    _claim(
        "identity.sam_transport",
        r"SAM: $Z' = Z(I - \eta H(g') - \eta \tilde\rho K)$, $K = \mathrm{diag}(g g'^T, g \cdot "
        r"g')$, with g at "
        r"the point and g' at the perturbed one.",
        Identity(),
        measure.sam_transport,
        runs.SAM_STEPS,
        source=here("C22"),
        proof=proofs.sam_transport,
        measured="largest residual over all steps, relative to the largest $|Z|$; steps by autograd",
    ),
    _claim(
        "identity.sam_balance",
        r"SAM: $\Delta D_i = -2\eta\tilde\rho[(w_i g)(w_i g') - a_i^2 g g'] + |\Delta w_i|^2 - "
        r"(\Delta a_i)^2$.",
        Identity(),
        measure.sam_balance,
        runs.SAM_STEPS,
        source=here("C22"),
        proof=proofs.sam_balance,
        measured="largest residual over all steps and neurons, relative to the largest $|z|^2$",
        note="For batch 1 it is the bracket of label noise, at first order in eta.",
    ),
    _claim(
        "identity.sam_plain_transport",
        r"The same for SAM with the gradient itself as perturbation ($\tilde\rho = \rho$).",
        Identity(),
        measure.sam_transport,
        runs.SAM_STEPS_PLAIN,
        source=here("C22"),
        proof=proofs.sam_transport,
        measured="largest residual over all steps, relative to the largest $|Z|$",
    ),
    _claim(
        "one_step.drift",
        r"$E[\Delta D_i \mid \text{state}] = -\eta^2 (w_i^T C w_i - a_i^2 \mathrm{tr}\, C)$, "
        r"$C = \frac{1}{B}[(\sigma^2 + |\delta|^2) I + 2\delta\delta^T] + (1 - "
        r"\frac{1}{B})\delta\delta^T$ for "
        r"Gaussian inputs.",
        Law(0.01, "an exact expectation: sampling error only", planned_spread=0.012),
        measure.drift,
        runs.ONE_STEP,
        source=note("Theorem 4.2, in expectation"),
        proof=proofs.drift,
        measured=(
            "minus the mean change of $\\sum_i D_i$ over 40,000 draws from one state, and minus its formula"
        ),
    ),
    _claim(
        "one_step.drift_data",
        r"The same with $C = \frac{1}{Bn}\sum_j (r_j^2 + \sigma^2) x_j x_j^T + (1-\frac{1}{B})\bar g "
        r"\bar g^T$ for "
        r"batches drawn from n rows with replacement.",
        Law(0.01, "an exact expectation: sampling error only", planned_spread=0.012),
        measure.drift,
        runs.ONE_STEP_DATA,
        source=here("C5"),
        measured="minus the mean change of $\\sum_i D_i$ over 40,000 draws, and minus its formula",
    ),
    _claim(
        "one_step.decrease_probability",
        r"Batch 1: $D_i$ decreases with probability $1 - I_{\rho^2}(\frac{1}{2}, \frac{d-1}{2})$, "
        r"$\rho = |a_i|/|w_i| < 1$, whatever the residual.",
        ZScores("an exact probability and the binomial spread of its frequency", bias=0.2),
        measure.decrease_score,
        runs.SINGLE_NEURON,
        source=here("C6"),
        proof=proofs.decrease_probability,
        measured="share of 4,000 steps with $D_1$ lower, its probability, binomial spread",
    ),
    _claim(
        "one_step.decrease_probability_any_batch",
        r"Any batch: the same probability when $\theta = \theta^*$ and inputs are Gaussian.",
        ZScores("an exact probability and the binomial spread of its frequency", bias=0.2),
        measure.decrease_score,
        runs.ANY_BATCH,
        source=here("C6"),
        measured="share of 4,000 steps with $D_1$ lower, its probability, binomial spread",
    ),
    _claim(
        "identity.deep_balance",
        r"Deep nets of ReLU or leaky ReLU units with bias, any loss: the change of $|in|^2 + b^2 - "
        r"|out|^2$ of "
        r"a hidden unit is the sum of its squared steps, with the same signs.",
        Identity(),
        beyond.deep_balance,
        runs.DEEP,
        source=here("C3, extension"),
        proof=proofs.homogeneous_balance,
        measured="largest residual over units, relative to 1 + the sum of all squared steps",
    ),
    _claim(
        "identity.deep_balance_needs_homogeneity",
        r"For tanh units the same identity is off by more than a thousandth of all squared steps.",
        Universal("the negative control of the identity"),
        beyond.deep_violates,
        runs.DEEP_TANH,
        source=here("C3, extension"),
        measured="whether the residual exceeds a thousandth of the sum of all squared steps",
    ),
    _claim(
        "balance.drop_is_variation",
        r"In Phase I the loss of $\sum|w_i|^2$ is the quadratic variation of the second layer.",
        Law(0.03, "the first layer's own quadratic variation, d s/tr M of it, is left out"),
        measure.drop_is_variation,
        runs.DROP,
        source=note("Lemma 4.3: the squared change of a_i is what w_i loses"),
        parents=("label_noise_sgd.identity.balance",),
        measured="drop of tr M, and the sum of all $(\\Delta a_i)^2$",
    ),
    _claim(
        "balance.stationary",
        r"Where nothing drifts, $E|W g|^2 = E |a|^2|g|^2$.",
        Law(0.02, "time means over 30 units of the slow clock"),
        measure.stationary_balance,
        runs.STATIONARY,
        source=here("C5, corollary"),
        measured="sums over steps of $\\eta^2|W g|^2$ and of $\\eta^2|a|^2|g|^2$",
    ),
)
