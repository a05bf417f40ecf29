"""Compiled passes over the filters of one side of the cavity law, in the order and precision of numpy's. What
they mean stands in `paths`; arrays are (m filters, n samples x R replicates), or without m."""

from __future__ import annotations

import numpy as np

from theory.compiled import compiled

__all__ = ["grow", "switch"]


@compiled(as_written=True)
def grow(coefficients, on, gain, means):  # type: ignore[no-untyped-def]
    """Add the gain to the coefficients of filters that are on, and take the means over filters."""
    m, size = coefficients.shape
    means[:] = np.float32(0)
    for r in range(m):
        for i in range(size):
            coefficients[r, i] += gain[i] if on[r, i] else np.float32(0)
            means[i] += coefficients[r, i]
    for i in range(size):
        means[i] /= m


@compiled(as_written=True)
def switch(q, coefficients, initial, shared, own, size, on, products, active, parts):  # type: ignore[no-untyped-def]
    """Into `products` the relus of pre-activations, `on` which filters are on, into `active` their share and
    into `parts` the mean of the relus. `own` is U before its factor `size`, or (0, 0).
    """
    m, width = coefficients.shape
    active[:] = np.float32(0)
    parts[:] = np.float32(0)
    for r in range(m):
        for i in range(width):
            products[r, i] = q[i] * coefficients[r, i] + initial[r, i] + shared[i]
        if own.shape[0]:
            for i in range(width):
                products[r, i] += own[r, i] * size
        for i in range(width):
            a = max(products[r, i], np.float32(0))
            on[r, i] = a > 0
            active[i] += np.float32(1) if a > 0 else np.float32(0)
            products[r, i] = a
            parts[i] += a
    for i in range(width):
        parts[i] /= m
        active[i] /= m
