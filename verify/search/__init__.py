"""Looking for a counterexample: over a place, outside it, shrinking what is found."""
