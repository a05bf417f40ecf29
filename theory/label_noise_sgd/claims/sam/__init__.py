"""Sharpness-aware minimisation: where it does what label noise does, and where not."""
