"""The command on images of one's own: made by `simulation.images`, judged by the core."""
