"""The verifier judged by claims and engines whose truth is known."""
