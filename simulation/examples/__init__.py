"""Engines of the examples that train something."""
