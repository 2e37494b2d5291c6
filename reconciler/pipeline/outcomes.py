"""Which expected error ends a target, or a command, with which exit code."""

from __future__ import annotations

from reconciler.apply.stop import Interrupted
from reconciler.clients.cluster import interface as cluster
from reconciler.clients.forge import interface as forge
from reconciler.clients.metrics import interface as metrics
from reconciler.clients.registry import interface as registry
from reconciler.clients.source import interface as source
from reconciler.edit.shares import RequestRefused
from reconciler.edit.tree import EditRefused
from reconciler.pipeline.refusals import EditConflict, EmergencyRefused, UploadRefused
from reconciler.settings import SettingsError
from reconciler.state.outcomes import Outcome

# The first class that fits counts, so each comes before its base.
_OUTCOMES: tuple[tuple[type[Exception], Outcome], ...] = (
    (Interrupted, Outcome.INTERRUPTED),
    (SettingsError, Outcome.CONFIGURATION),
    (EmergencyRefused, Outcome.FINDINGS),
    (EditRefused, Outcome.FINDINGS),
    (RequestRefused, Outcome.CONFIGURATION),
    (EditConflict, Outcome.REFUSED),
    (UploadRefused, Outcome.REFUSED),
    (cluster.RightMissing, Outcome.CONFIGURATION),
    (cluster.ClusterMisconfigured, Outcome.CONFIGURATION),
    (cluster.ObjectError, Outcome.FINDINGS),
    (cluster.ClusterError, Outcome.UNDECIDED),
    (source.SourceRefused, Outcome.CONFIGURATION),
    (source.SourceError, Outcome.UNDECIDED),
    (forge.ForgeRefused, Outcome.CONFIGURATION),
    (forge.ForgeConflict, Outcome.FINDINGS),
    (forge.ForgeError, Outcome.UNDECIDED),
    (metrics.MetricsRefused, Outcome.CONFIGURATION),
    (metrics.MetricsError, Outcome.UNDECIDED),
    (registry.RegistryRefused, Outcome.CONFIGURATION),
    (registry.RegistryError, Outcome.UNDECIDED),
)


def find_outcome(error: Exception) -> Outcome | None:
    """The outcome of an expected error; None for one that nobody expected."""
    return next((outcome for kind, outcome in _OUTCOMES if isinstance(error, kind)), None)
