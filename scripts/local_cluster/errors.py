"""What can go wrong with a local cluster."""

from __future__ import annotations


class ClusterError(Exception):
    """The cluster could not be found, built, started or stopped; the text says what and how to go on."""


class PortTaken(ClusterError):
    """The API server's port belongs to another process."""
