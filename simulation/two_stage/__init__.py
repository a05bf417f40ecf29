"""The two-layer CNN on signal-noise data: data, three exact engines, trajectories and their measured runs."""
