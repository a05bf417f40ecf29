"""The mean field: laws of times, samples and errors with nothing fitted, and the claims on them."""
