"""Compiled passes of a small convolution network, in float32: images are (B, H, W, C), rows of them with all
channels (B, H, W C)."""

from __future__ import annotations

import numpy as np

from theory.compiled import compiled

__all__ = ["NOWHERE", "pool", "spread", "unpool", "windows"]

#: In place of one of the four positions of a square: its relu is off.
NOWHERE = 4


@compiled
def windows(rows, channels, columns):  # type: ignore[no-untyped-def]
    """The 3x3 windows of images with a border, (B, H + 2, (W + 2) C), into `columns` (B H W, 9 C)."""
    count, high, wide = rows.shape
    at, span = 0, 3 * channels
    for b in range(count):
        for y in range(high - 2):
            for x in range(wide // channels - 2):
                for dy in range(3):
                    seen = rows[b, y + dy, x * channels : x * channels + span]
                    column = columns[at, dy * span : dy * span + span]
                    for c in range(span):
                        column[c] = seen[c]
                at += 1


@compiled
def spread(columns, channels, rows):  # type: ignore[no-untyped-def]
    """The transpose of `windows`: into `rows` the sums of all that windows took from each place."""
    count, high, wide = rows.shape
    rows[:] = np.float32(0)
    at, span = 0, 3 * channels
    for b in range(count):
        for y in range(high - 2):
            for x in range(wide // channels - 2):
                for dy in range(3):
                    seen = rows[b, y + dy, x * channels : x * channels + span]
                    column = columns[at, dy * span : dy * span + span]
                    for c in range(span):
                        seen[c] += column[c]
                at += 1


@compiled
def pool(values, bias, border, pooled, which):  # type: ignore[no-untyped-def]
    """relu(largest of each 2x2 square of `values` (B, H, W, C) + bias) into `pooled` within its border, and
    into `which` (B, h, w, C) the place of the largest, the first where several are, or `NOWHERE`; h and w are
    half of H and W rounded down."""
    count, high, wide, channels = which.shape
    for b in range(count):
        for y in range(high):
            for x in range(wide):
                for c in range(channels):
                    best, place = values[b, 2 * y, 2 * x, c], np.uint8(0)
                    for k in range(1, 4):
                        value = values[b, 2 * y + k // 2, 2 * x + k % 2, c]
                        place = np.uint8(k) if value > best else place
                        best = value if value > best else best
                    best += bias[c]
                    # Asked so that what is not a number stays.
                    off = best <= np.float32(0)
                    pooled[b, y + border, x + border, c] = np.float32(0) if off else best
                    which[b, y, x, c] = np.uint8(NOWHERE) if off else place


@compiled
def unpool(slope, border, which, values, bias):  # type: ignore[no-untyped-def]
    """The gradient behind `pool`: in `values` (B, H, W, C), and in the bias (C,)."""
    count, high, wide, channels = which.shape
    bias[:] = np.float32(0)
    # Of an odd side the last is in no square.
    values[:, 2 * high :] = np.float32(0)
    values[:, :, 2 * wide :] = np.float32(0)
    for b in range(count):
        for y in range(high):
            for x in range(wide):
                for k in range(4):
                    for c in range(channels):
                        here = which[b, y, x, c] == k
                        s = slope[b, y + border, x + border, c] if here else np.float32(0)
                        values[b, 2 * y + k // 2, 2 * x + k % 2, c] = s
                        bias[c] += s
