"""What any engine is asked: checks with their outcomes, as values."""
