"""What is measured on a run, by part of the theory; every function takes a `LinearRun`."""
