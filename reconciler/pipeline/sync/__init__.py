"""One run: each target looked at, planned, written, and told."""
