"""Waivers over findings: which of them lift what, and whether they still hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from reconciler.state.documents import Document, Location
from reconciler.state.exceptions import Waiver
from reconciler.state.findings import Finding, Grade, Waived
from reconciler.state.history import History, WaiverArrival
from reconciler.state.repository import EnvironmentEntry, Repository

NEVER_WAIVED = frozenset(
    {
        "rules-loosened",
        "waiver-expired",
        "waiver-expires-soon",
        "waiver-needs-approval",
        "waiver-too-long",
        "waiver-unused",
    }
)
"""Rules about rules and waivers: a waiver that lifted one of these would lift itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedWaiver:
    """A waiver in its environment, with its `index` in the file that it was read from."""

    environment: EnvironmentEntry
    index: int
    waiver: Waiver
    document: Document

    @property
    def location(self) -> Location:
        """Where it stands."""
        return self.at()

    @property
    def title(self) -> str:
        """What messages call it: `the waiver of soak for production/wines`."""
        objects = ", ".join(self.waiver.objects)
        return f"the waiver of {self.waiver.rule} for {objects}"

    def at(self, *path: str | int) -> Location:
        """Where a part of it stands."""
        return self.document.at("waivers", self.index, *path)


def list_waivers(repository: Repository) -> Iterator[PlacedWaiver]:
    """All waivers, by environment and in the order of its file."""
    for _, environment in sorted(repository.environments.items()):
        if environment.exceptions is None:
            continue
        document = environment.exceptions.document
        for index, waiver in enumerate(environment.exceptions.declaration.waivers):
            yield PlacedWaiver(environment=environment, index=index, waiver=waiver, document=document)


def find_arrival(placed: PlacedWaiver, history: History | None) -> WaiverArrival | None:
    """When the waiver came to the main branch; None where the history does not tell."""
    if history is None:
        return None
    waiver = placed.waiver
    return history.find_arrival(placed.environment.name, waiver.rule, waiver.objects, waiver.until)


def apply_waivers(
    findings: Iterable[Finding], repository: Repository, now: datetime | None
) -> tuple[tuple[Finding, ...], tuple[Waived, ...]]:
    """The findings that count, and those that a waiver of their environment lifts: soft ones alone."""
    lifting: dict[tuple[str, str], PlacedWaiver] = {}
    for placed in list_waivers(repository):
        if not placed.waiver.holds(now):
            continue
        for name in placed.waiver.objects:
            if name.partition("/")[0] == placed.environment.name:
                lifting.setdefault((placed.waiver.rule, name), placed)
    counting: list[Finding] = []
    waived: list[Waived] = []
    for finding in findings:
        may = finding.grade is Grade.SOFT and finding.rule not in NEVER_WAIVED
        found = lifting.get((finding.rule, finding.subject)) if may else None
        if found is None:
            counting.append(finding)
        else:
            waived.append(Waived(finding=finding, waiver=found.waiver, location=found.location))
    return tuple(counting), tuple(waived)
