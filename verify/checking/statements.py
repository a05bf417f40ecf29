"""Whether a text with formulas can be set."""

from __future__ import annotations

import re

__all__ = ["is_set"]


def is_set(text: str) -> bool:
    r"""Whether dollars come in pairs, and braces close within each formula.

    >>> is_set(r"$\frac{1}{n}$ and \$5"), is_set("$n"), is_set("$x_{1$ y}")
    (True, False, False)
    """
    parts = re.sub(r"\\\$", "", text).split("$")
    if len(parts) % 2 == 0:
        return False
    for formula in parts[1::2]:
        bare = re.sub(r"\\[{}]", "", formula)
        depth = [bare[:k].count("{") - bare[:k].count("}") for k in range(len(bare) + 1)]
        if not formula.strip() or min(depth) < 0 or depth[-1]:
            return False
    return True
