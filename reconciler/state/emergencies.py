"""What somebody is about to take back without git."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.state.inventory import EmergencyMark, GoodSet, TargetRecord
from reconciler.state.objects import LiveObject, Manifest, ObjectKey
from reconciler.state.shares import Share
from reconciler.state.targets import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """What goes back to what: `good` is the set, `manifest` what is applied for it.

    `live` is what is there now (None if it is gone) and `applied` the shares that it asks for; `others` are
    objects of the deployment that stay as they are: its organisation manifests. `record` is what it was
    decided on; `mark` is what will keep sync away. `notes` say what could not be made sure of.
    """

    target: Target
    live: LiveObject | None
    applied: tuple[Share, ...]
    good: GoodSet
    manifest: Manifest
    mark: EmergencyMark
    record: TargetRecord
    others: tuple[ObjectKey, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """`production/wines`."""
        return f"{self.target.environment}/{self.mark.deployment}"
