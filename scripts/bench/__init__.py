"""Measures the command line beside its peers: `python -m scripts.bench`."""
