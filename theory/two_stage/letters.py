r"""Every letter in use: how it is written in code and in formulas, what it means, and its unit.

`python -m theory.two_stage.letters` prints the page that stands in `docs/glossary.md`.
"""

from __future__ import annotations

from collections.abc import Iterable

from theory.letters import Entry, letters_markdown

__all__ = ["GLOSSARY", "INTRODUCTION"]


def _group(group: str, rows: Iterable[tuple[str, str, str, str]]) -> tuple[Entry, ...]:
    return tuple(Entry(*row, group) for row in rows)


_PATCH = "patch length"
_WEIGHT = "1 / patch length"
_COEFFICIENT = "1 (coefficient)"

GLOSSARY: tuple[Entry, ...] = (
    *_group(
        "Setting",
        (
            ("n", "n", "number of training samples", "samples"),
            ("d", "d", "dimension of a patch", "1"),
            ("m", "m", "filters on each side of the network", "filters"),
            ("sigma_xi", r"\sigma_\xi", "standard deviation of a noise patch's coordinate", _PATCH),
            (
                "sigma_zeta",
                r"\sigma_\zeta",
                "standard deviation of the fresh noise in the spurious test distribution",
                _PATCH,
            ),
            ("mu_norm", r"\lVert\mu\rVert", "length of the signal; `Setting.signal_norm`", _PATCH),
            ("tau_plus", r"\tau_+", "probability that a label +1 is flipped", "probability"),
            ("tau_minus", r"\tau_-", "probability that a label -1 is flipped", "probability"),
            ("tau", r"\tau", "flip rate where both classes share one", "probability"),
            ("tau_hat", r"\hat\tau", "realised share of flipped labels", "probability"),
            ("sigma_0", r"\sigma_0", "standard deviation of an initial weight", _WEIGHT),
            ("eta", r"\eta", "step size of gradient descent", "1 / patch length^2"),
        ),
    ),
    *_group(
        "Dimensionless groups",
        (
            ("snr", r"\mathrm{SNR}", r"$\lVert\mu\rVert / (\sigma_\xi \sqrt d)$", "1"),
            ("a", "a", r"$n\,\mathrm{SNR}^2 = n\lVert\mu\rVert^2/(\sigma_\xi^2 d)$", "1"),
            ("a_y", "a_y", "$2 a n_y/n$: the group $a$ as the class $y$ with $n_y$ samples sees it", "1"),
            ("h", "h", r"clock step $\eta\sigma_\xi^2 d/(nm)$", "clock per gradient step"),
            (
                "lambda",
                r"\lambda",
                r"weight decay: a step is $W \leftarrow (1-h\lambda)W - \eta\nabla L$",
                "1/clock",
            ),
            ("iota", r"\iota", r"$\sigma_0\sigma_\xi\sqrt d$: size of an initial noise product", "1"),
            (
                "kappa_0",
                r"\kappa_0",
                r"$\sigma_0\sigma_\xi d/\sqrt n$: initial noise product against learnt cross-talk",
                "1",
            ),
            (
                "signal_margin",
                r"a(1-2\max\tau)",
                "strength with which signal opposes the flipped labels",
                "1",
            ),
        ),
    ),
    *_group(
        "Data and network",
        (
            ("mu", r"\mu", "signal vector in $R^d$", _PATCH),
            ("xi_i", r"\xi_i", r"noise patch of sample $i$, $N(0, \sigma_\xi^2 I_d)$", _PATCH),
            ("xi_norm", r"\lVert\xi_i\rVert", "length of noise patch $i$", _PATCH),
            ("y", "y_i", "true label, +1 or -1", "1"),
            ("y_observed", r"\tilde y_i", "observed label; clean when it equals $y_i$", "1"),
            ("j", "j", "side of the network, +1 (index 0) or -1 (index 1)", "1"),
            ("r", "r", "filter of a side, 1 to $m$", "1"),
            ("w", "w_{j,r}", r"filter $r$ of side $j$; $w^{(t)}$ after $t$ steps", _WEIGHT),
            ("f", "f", "network output $F_{+1} - F_{-1}$", "1"),
            (
                "F_j",
                "F_j",
                r"$\frac1m\sum_r[\mathrm{relu}\langle w_{j,r},y\mu\rangle + "
                r"\mathrm{relu}\langle w_{j,r},\xi\rangle]$",
                "1",
            ),
            ("signal_active", r"\mathbb{1}[\langle w_{j,r},y_i\mu\rangle>0]", "signal activation", "1"),
            ("noise_active", r"\mathbb{1}[\langle w_{j,r},\xi_i\rangle>0]", "noise activation", "1"),
            ("ell", r"\ell", r"logistic loss $\log(1+e^{-z})$ of a margin $z$", "nats"),
            ("l_prime", r"\ell'_i", r"loss derivative $-1/(1+\exp(\tilde y_i f_i))$ of sample $i$", "1"),
            ("L", "L", "training loss, the mean over samples", "nats"),
            ("M_i", "M_i", r"margin $\tilde y_i f(W, x_i)$", "1"),
        ),
    ),
    *_group(
        "Coefficients",
        (
            ("gamma", r"\gamma_{j,r}", "signal coefficient of a filter", _COEFFICIENT),
            ("rho", r"\rho_{j,r,i}", "noise coefficient of a filter on sample $i$", _COEFFICIENT),
            (
                "rhobar",
                r"\bar\rho_{j,r,i}",
                r"entries of $\rho$ with $\tilde y_i = j$; never decreasing",
                _COEFFICIENT,
            ),
            (
                "rhounder",
                r"\underline\rho_{j,r,i}",
                r"entries of $\rho$ with $\tilde y_i = -j$; never increasing",
                _COEFFICIENT,
            ),
            (
                "P_i",
                "P_i",
                r"noise mass $\frac1m\sum_r\bar\rho_{\tilde y_i,r,i}$",
                _COEFFICIENT,
            ),
            ("p_i", "p_i", "share of label-side filters active on noise patch $i$", "1"),
            ("q_i", "q_i", r"$\lVert\xi_i\rVert^2/(\sigma_\xi^2 d)$", "1"),
            (
                "G_i",
                "G_i",
                r"accumulated slope $\frac{\eta}{nm}\sum_{t'<t}(-\ell'_i(t'))$",
                "1 / patch length^2",
            ),
            ("alpha", r"\alpha", r"coefficient scale $4\log T^*$ (L6)", _COEFFICIENT),
        ),
    ),
    *_group(
        "Closure",
        (
            ("V", "V", r"patches as columns, $[\mu, \xi_1, \dots, \xi_n]$", _PATCH),
            ("K", "K", r"Gram matrix $V^\top V$", "patch length^2"),
            ("A", "A^{(t)}", "products $W^{(t)}V$ of filters and patches", "1"),
            (
                "C_matrix",
                "C^{(t)}",
                r"coefficients as a matrix, first column $j\gamma_{j,r}$, then $\rho_{j,r,i}$",
                _COEFFICIENT,
            ),
            ("D", "D", r"$\mathrm{diag}(K)$", "patch length^2"),
        ),
    ),
    *_group(
        "Time",
        (
            ("t", "t", "gradient step", "gradient steps"),
            ("s", "s", r"clock $h\,t = \eta\sigma_\xi^2 d\,t/(nm)$", "clock"),
            ("time_unit", r"1/h", r"one unit of the clock, $nm/(\eta\sigma_\xi^2 d)$", "gradient steps"),
            ("T_1", "T_1", "end of Stage I, $c_T$ time units", "gradient steps"),
            ("T_2", "T_2", "start of Stage II, $s_2$ time units", "gradient steps"),
            ("s_2", "s_2", "positive root of the mean field's $M_n(s) = 0$", "clock"),
            ("s_inf", r"s_\infty", r"limit of $s_2$ as $a \to \infty$", "clock"),
            (
                "T_eps",
                r"T_\varepsilon",
                r"step at which the training loss is $\varepsilon$",
                "gradient steps",
            ),
            ("T_star", "T^*", "training horizon of the lemmas", "gradient steps"),
            (
                "t_clean",
                r"t_{\mathrm{clean}}",
                "time from which all clean samples stay fit",
                "gradient steps",
            ),
            (
                "t_half",
                r"t_{\mathrm{half}}",
                "time from which half of the noisy samples stay fit",
                "gradient steps",
            ),
            (
                "t_all",
                r"t_{\mathrm{all}}",
                "time from which all noisy samples stay fit",
                "gradient steps",
            ),
        ),
    ),
    *_group(
        "Mean field",
        (
            ("p", "p", r"active share $p_i$ where all samples share one; 1/2 for $\kappa_0 \gg 1$", "1"),
            ("rho_c", r"\rho_c", "coefficient of an active filter on a clean sample", _COEFFICIENT),
            ("rho_n", r"\rho_n", "coefficient of an active filter on a noisy sample", _COEFFICIENT),
            ("gamma_y", r"\gamma_y", "signal coefficient that class $y$ sees", _COEFFICIENT),
            ("M_c", "M_c", "margin of a clean sample", "1"),
            ("M_n", "M_n", "margin of a noisy sample", "1"),
            ("g", "g", r"$1/(1+e^z)$, the size of the slope at margin $z$", "1"),
            ("b", "b", r"head start from the initial weights, at most $\iota/\sqrt{2\pi}$", "1"),
            ("X", "X", r"learnt cross-talk in units of $\sqrt{n/d}$", "1"),
            ("alpha_field", r"\alpha", r"$a(1-\tau)/2 + p$ in $M_c = \alpha\rho_c - \beta\rho_n$", "1"),
            ("beta_field", r"\beta", r"$a\tau/2$", "1"),
            ("delta_field", r"\delta", r"$p + a\tau/2$ in $M_n = \delta\rho_n - \kappa\rho_c$", "1"),
            ("kappa_field", r"\kappa", r"$a(1-\tau)/2$", "1"),
            ("Delta_field", r"\Delta", r"$\alpha\delta - \beta\kappa = p(p + a/2)$", "1"),
            ("c_y", "c_y", r"late signal share: $\gamma_y \sim c_y\log s$", "1"),
            ("h_c", "h_c", r"mean of $1/(p_iq_i)$ over the clean samples of a class", "1"),
            ("h_n", "h_n", r"mean of $1/(p_iq_i)$ over the noisy samples of a class", "1"),
            ("loss_constant", r"K_\infty", r"limit of $s\,L(s)$", "nats x clock"),
        ),
    ),
    *_group(
        "Constants",
        (
            ("C", "C", "free constant of the conditions", "1"),
            ("delta", r"\delta", "failure probability of an event", "probability"),
            ("eps", r"\varepsilon", "target of the training loss", "nats"),
            ("c_T", "c_T", "hidden constant of $T_1$", "clock"),
            ("C_T", "C_T", "upper constant where a time is bounded from both sides", "clock"),
            ("c_a", "c_a", r"lower end of $n\,\mathrm{SNR}^2 = \Theta(1)$", "1"),
            ("C_a", "C_a", r"upper end of $n\,\mathrm{SNR}^2 = \Theta(1)$", "1"),
            ("c_tau", r"c_\tau", r"lower end of $\tau_\pm = \Theta(1)$", "probability"),
            (
                "a_star",
                r"a^*(n, m, \tau, \kappa_0, h, s, \delta)",
                r"from here on all noisy samples are misfit at $s$, with probability $1 - \delta$",
                "1",
            ),
            ("a_star_r", r"a^*_r", r"the same of $\gamma$ above $\bar\rho$ for every filter and sample", "1"),
            ("c_s", "c_s", r"share of $a^*$ below which Stage I is claimed to fail", "1"),
            ("c_kappa", r"c_\kappa", r"lower bound of $\kappa_0$ where $p = 1/2$ is used", "1"),
            ("c_k", "c_k", r"upper bound of $\kappa_0$ in the paper's regime", "1"),
            ("c_iota", r"c_\iota", r"upper bound of $\iota$", "1"),
            ("c_h", "c_h", "upper bound of $h$", "clock per gradient step"),
            ("c_b", "c_b", r"how far the first step may move the slopes $g(M)$ from $1/2$", "1"),
            ("c_ratio", r"c_{ratio}", "lower bound of $d/n$", "1"),
            ("c_z", "c_z", "standard deviations by which the flip rates differ", "1"),
        ),
    ),
    *_group(
        "Test error",
        (
            ("iid", r"\mathrm{iid}", "fresh noise patch; 0-1 error against the true label", "probability"),
            (
                "D_test",
                r"\mathcal D_{\mathrm{test}}",
                r"spurious distribution: noise patch $\xi_I + \zeta$, $I$ a random training sample, "
                r"$\zeta \sim N(0, \sigma_\zeta^2 I_d)$",
                "probability",
            ),
            ("C_prime", "C'", r"constant of the iid error at $T_1$, $\exp(-d/(nC'))$", "1"),
            ("C_y", "C_y", r"the same of class $y$ alone; $C' = \max_y C_y$", "1"),
            ("A_y", "A_y", r"$\frac1n\sum P_i^2$ over the samples of class $y$", "1"),
            (
                "C_D",
                "C_D",
                r"constant of the error without label noise, "
                r"$\exp(-n\lVert\mu\rVert^4/(C_D\sigma_\xi^4 d))$",
                "1",
            ),
        ),
    ),
)


INTRODUCTION = (
    "One letter has one meaning, except that the letters of the mean field are local to it. Products of",
    "a filter and a patch are pure numbers, so filters have the unit of an inverse patch length.",
    "This page is printed by `python -m theory.two_stage.letters`.",
)


if __name__ == "__main__":
    print(letters_markdown(GLOSSARY, "Glossary", INTRODUCTION), end="")
