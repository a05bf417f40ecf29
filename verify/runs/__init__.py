"""Making runs: planned, batched, trained and measured in worker processes, kept."""
