"""`python -m verify check`: what is wrong with claims, with file and line, before any is judged."""
