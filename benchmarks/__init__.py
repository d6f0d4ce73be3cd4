"""Measures muntin beside its peers: `python -m benchmarks --help`. Nothing here is a test, and nothing is shipped."""
