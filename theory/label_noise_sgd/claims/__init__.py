"""Claims by part of the theory: a file holds its settings, runs, measures, claims, probes and readings."""
