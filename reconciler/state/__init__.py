"""Frozen value types that the stages hand to each other; no behaviour that touches the world."""
