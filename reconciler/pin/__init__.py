"""Pinning: making a registry version an identity that is reviewed in git."""
