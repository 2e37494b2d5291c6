"""The model registry: what a version is, and where its files are."""
