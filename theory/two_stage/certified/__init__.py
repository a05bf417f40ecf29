"""Certified statements of the paper: the transition clock enclosed, the finite-size bracket."""
