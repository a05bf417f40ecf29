"""Exact limits, tests and error budgets that the rules share."""
