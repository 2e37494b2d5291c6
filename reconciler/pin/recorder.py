"""From facts to a version record. Pure: the same facts give the same record."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.clients.registry.interface import VersionDetails
from reconciler.pin.evidence import TAGS, choose_evidence
from reconciler.pin.manifest import read_manifest
from reconciler.policy.records import compute_digest
from reconciler.state.declarations import Identity, RecordedFile, VersionRecord


def make_record(
    details: VersionDetails,
    files: Mapping[str, RecordedFile],
    manifest: bytes,
    *,
    registry: str = "main",
    tags: tuple[str, ...] = TAGS,
) -> VersionRecord:
    """The record of one version.

    `files` maps paths below its location to size and content; `manifest` are the bytes of its MLmodel;
    `tags` are patterns of the tag keys to record. Raises ManifestError.
    """
    identity = Identity.model_validate(
        {
            "registry": registry,
            "name": details.facts.name,
            "version": details.facts.version,
            "source": details.location,
            "run": details.facts.run,
            "loggedModel": details.facts.logged_model,
            "created": details.facts.created,
            "digest": compute_digest(files),
            "files": dict(sorted(files.items())),
        }
    )
    return VersionRecord.model_validate(
        {"identity": identity, "loader": read_manifest(manifest), "evidence": choose_evidence(details, tags)}
    )
