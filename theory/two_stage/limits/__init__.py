"""Limit dynamics: closed forms of the stages, derived with sympy, and the claims on them."""
