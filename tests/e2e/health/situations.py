"""The situations that need nothing but the API: each in a namespace of its own, all at the same time."""

from __future__ import annotations

from collections.abc import Callable

from tests.e2e.health import changes, faults, meddling
from tests.e2e.health.stage import Stage

SITUATIONS: tuple[tuple[str, Callable[[Stage], None]], ...] = (
    ("fresh", changes.fresh),
    ("update in place", changes.update_in_place),
    ("new variant", changes.new_variant),
    ("sick variant at 10 %, removed", faults.sick_with_share),
    ("sick variant at 0 %, mended", faults.sick_without_share),
    ("share set to 0 while sick", faults.weights_while_sick),
    ("stalled roll-out in place", faults.stalled_in_place),
    ("image that cannot be pulled", faults.no_image),
    ("crash loop", faults.crash_loop),
    ("download that fails", faults.download_fails),
    ("slow start in its time", changes.slow_in_time),
    ("late start", faults.slow_too_late),
    ("crash loop after having been ready", faults.crash_after_ready),
    ("Pod evicted", meddling.evicted),
    ("Pod deleted", meddling.pod_deleted),
    ("two in one namespace, one sick", faults.neighbours),
    ("HPA changes replicas", meddling.scaled_by_hpa),
    ("scaled by hand", meddling.scaled_by_hand),
    ("more replicas declared", changes.more_replicas),
    ("quota exceeded", faults.quota_exceeded),
    ("variant that never had a Pod, removed", faults.never_had_a_pod),
    ("server without image map", faults.unknown_server),
    ("webhook refuses", changes.webhook_refuses),
    ("deletion pending", meddling.deletion_pending),
    ("foreground deletion", meddling.foreground_deletion),
    ("Deployment deleted", meddling.child_deleted),
    ("namespace terminating", meddling.namespace_deleted),
    ("shadow added, then live", changes.shadow_added),
    ("shares only", changes.weights_only),
    ("roll-out under a new name", changes.new_name),
    ("variant removed", changes.removed),
    ("explainer added, then sick", changes.explainer_added),
    ("orchestrator apart", changes.orchestrator_apart),
    ("long names", changes.long_name),
    ("graph in two Deployments", changes.graph),
)
