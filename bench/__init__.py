"""Benchmarks: one module a number of DESIGN's table, each `python -m bench.<name>`."""
