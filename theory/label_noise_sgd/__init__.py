"""Label-noise SGD and SAM on two-layer linear networks (Zhang et al., AAAI 2026): claims and closed forms."""
