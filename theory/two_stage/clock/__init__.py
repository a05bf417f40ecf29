"""Whose clock is it? What schedules, heavy ball and mini-batches do to the stage times.

`lag` derives the heavy ball's lag, `experiments` pairs every run with plain gradient descent from the same
seed, `claims` says what stays and what does not. In words: `docs/derivations/clock.md`.
"""
