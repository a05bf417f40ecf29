"""Skeletons of papers: what `python -m verify new` writes."""
