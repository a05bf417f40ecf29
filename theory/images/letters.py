"""Letters of the claims on images."""

from __future__ import annotations

from theory.letters import Entry

__all__ = ["LETTERS"]

_S, _M, _A = "Setting", "Measured", "Audit"

LETTERS: tuple[Entry, ...] = (
    Entry("n", "n", "training images", "images", _S),
    Entry("flip_rate", r"\tau", "probability that a label is flipped", "probability", _S),
    Entry("spread", "S", "1 where flips are independent of what an image shows, else 0", "1", _S),
    Entry("plain_accuracy", "A_0", "test accuracy without flips", "share", _S),
    Entry("eta", r"\eta", "step size of the paper's network on patches of mean square length 1", "1", _S),
    Entry("m", "m", "its filters on each side", "filters", _S),
    Entry("sigma_0", r"\sigma_0", "standard deviation of its initial weights", "1", _S),
    Entry("flip_share", r"\hat\tau", "realised share of wrong labels", "share", _M),
    Entry(
        "t_clean", "t_c(q)", "first evaluation with a share q of the clean images fit", "gradient steps", _M
    ),
    Entry(
        "t_half",
        "t_{1/2}",
        "evaluation from which half of the noisy images stay memorised",
        "gradient steps",
        _M,
    ),
    Entry("M", "M_i", "log p(observed label) less the largest other log p", "nat", _M),
    Entry("t", "t", "share of wrong labels among a user's own", "share", _A),
    Entry("K", "K", "labels flipped on purpose (probes)", "samples", _A),
    Entry("b", "b", "share of probes that carry the true label", "share", _A),
    Entry("J", "J", "fit of other samples less fit of probes", "share", _A),
)
