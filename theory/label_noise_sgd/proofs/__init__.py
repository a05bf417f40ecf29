"""Symbolic checks of what claims assert."""
