"""A stand-in for Seldon's executor, for the local cluster only: it stands before a predictor's models."""
