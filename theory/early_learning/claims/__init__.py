"""The claims, a file an item: as printed (theorem_1, lemma_2, slips) and beyond the paper."""
