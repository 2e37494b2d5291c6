"""A record is about the version and model that it is filed under.

What it checks
    In `models/<model>/versions/<n>.yaml` the version is `<n>`, name and registry are those of
    `model.yaml`, and the digest is the one of the files listed.

Why
    A record that was copied, renamed or edited by hand would pin something other than what was reviewed.

Example
    # models/wines/versions/5.yaml
    identity: {registry: main, name: wine-quality, version: 3, …}

Fix
    Write the record again: `modelsync pin wines 5`. If `model.yaml` was changed to name another registered
    model, make another folder under `models/` for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.policy.context import Context
from reconciler.policy.engine import Need, Policy
from reconciler.policy.records import compute_digest, find_unidentified
from reconciler.policy.wording import join_words
from reconciler.state.declarations import Model, VersionRecord
from reconciler.state.findings import Finding
from reconciler.state.repository import Entry


def check(context: Context) -> Iterator[Finding]:
    for name, model in sorted(context.repository.models.items()):
        for version, record in sorted(model.records.items()):
            yield from _check_files(name, version, record)
            yield from _check_version(name, version, record)
            if model.model is not None:
                yield from _check_model(name, version, record, model.model.declaration)


def _check_version(model: str, version: int, record: Entry[VersionRecord]) -> Iterator[Finding]:
    recorded = record.declaration.identity.version
    path = f"models/{model}/versions/{recorded}.yaml"
    if recorded != version:
        yield POLICY.finding(
            record.document.at("identity", "version"),
            f"{model} v{version}: the record is about version {recorded}; its file name says {version}.",
            f"Move it to {path}, or write it again: modelsync pin {model} {version}",
        )


def _check_model(
    model: str, version: int, record: Entry[VersionRecord], declared: Model
) -> Iterator[Finding]:
    identity = record.declaration.identity
    for key, recorded, wanted in (
        ("name", identity.name, declared.registered_model),
        ("registry", identity.registry, declared.registry),
    ):
        if recorded != wanted:
            said = "registered model" if key == "name" else "registry"
            yield POLICY.finding(
                record.document.at("identity", key),
                f"{model} v{version}: the record is about {said} {recorded}; "
                f"models/{model}/model.yaml says {wanted}.",
                f"Pin it again (modelsync pin {model} {version}), or give {recorded} a folder of its own.",
            )


def _check_files(model: str, version: int, record: Entry[VersionRecord]) -> Iterator[Finding]:
    identity = record.declaration.identity
    advice = f"Records are not written by hand; write it again: modelsync pin {model} {version}"
    unidentified = find_unidentified(identity.files)
    if unidentified:
        yield POLICY.finding(
            record.document.at("identity", "files", unidentified[0]),
            f"{model} v{version}: nothing identifies the content of {join_words(unidentified)} "
            "(neither sha256 nor checksum).",
            advice,
        )
    computed = compute_digest(identity.files)
    if computed != identity.digest:
        yield POLICY.finding(
            record.document.at("identity", "digest"),
            f"{model} v{version}: the digest is {_shorten(identity.digest)}, but the files listed give "
            f"{_shorten(computed)}.",
            advice,
        )


def _shorten(digest: str) -> str:
    return f"{digest[: len('sha256:') + 12]}…"


POLICY = Policy(id="record-matches", documentation=__doc__, check=check, needs=(Need.RECORDS,))
