"""Certified numbers: formulas in ball arithmetic, the transition clock enclosed, the finite-size bracket.

A certified number is an interval that contains the true value whatever the rounding; where an interval is
too wide to decide a comparison, the answer is None, not a guess.
"""
