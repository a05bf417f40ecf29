"""Timings of the engines beside a plain PyTorch loop, and the targets they are held to."""
