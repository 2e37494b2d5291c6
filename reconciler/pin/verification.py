"""Records against what one search of the registry shows: what can be verified of a pin without files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.clients.registry.interface import VersionFacts
from reconciler.pin.refusals import READY
from reconciler.state.declarations import VersionRecord
from reconciler.state.findings import Finding, Grade, sort_findings
from reconciler.state.repository import Entry

EXISTS = "registry-version-exists"
IS_READY = "registry-version-ready"
UNMOVED = "registry-facts-unmoved"

RULES = (EXISTS, UNMOVED, IS_READY)
"""The rules that are decided here, all of grade hard."""

_Key = tuple[str, int]


def find_names(records: Iterable[Entry[VersionRecord]]) -> tuple[str, ...]:
    """The registered models to search for, sorted."""
    return tuple(sorted({record.declaration.identity.name for record in records}))


def verify_records(
    records: Sequence[Entry[VersionRecord]], facts: Sequence[VersionFacts]
) -> tuple[Finding, ...]:
    """Existence, status, source, run and creation time of each record, compared with the registry's facts.

    `facts` are all versions of the records' registered models. Files and everything else is compared by
    `modelsync pin --check`.
    """
    known: Mapping[_Key, VersionFacts] = {(fact.name, fact.version): fact for fact in facts}
    newest: dict[str, int] = {}
    for fact in facts:
        newest[fact.name] = max(fact.version, newest.get(fact.name, 0))
    return sort_findings(finding for record in records for finding in _verify(record, known, newest))


def _verify(
    record: Entry[VersionRecord], known: Mapping[_Key, VersionFacts], newest: Mapping[str, int]
) -> Iterator[Finding]:
    identity = record.declaration.identity
    label = f"{identity.name} v{identity.version}"
    fact = known.get((identity.name, identity.version))
    if fact is None:
        there = (
            f"newest there is v{newest[identity.name]}"
            if identity.name in newest
            else f"it has no registered model {identity.name} with versions"
        )
        yield Finding(
            rule=EXISTS,
            grade=Grade.HARD,
            location=record.document.at("identity", "version"),
            message=f"{label}: the registry does not have this version; {there}.",
            advice="Pin a version that exists, or ask who deleted it.",
        )
        return
    if fact.status != READY:
        yield Finding(
            rule=IS_READY,
            grade=Grade.HARD,
            location=record.document.at("identity", "version"),
            message=f"{label}: the registry says {fact.status}; it must be {READY}.",
            advice="Wait until it is, or pin another version.",
        )
    for key, said, recorded, now in _list_facts(record.declaration, fact):
        if recorded != now:
            yield Finding(
                rule=UNMOVED,
                grade=Grade.HARD,
                location=record.document.at("identity", key),
                message=f"{label}: {said} is {now or 'none'}; the reviewed record says {recorded or 'none'}.",
                advice=(
                    "It is another model under the same number. Register the new one as another version "
                    "and pin that; modelsync pin --check compares the files too."
                ),
            )


def _list_facts(
    record: VersionRecord, fact: VersionFacts
) -> Iterator[tuple[str, str, str | None, str | None]]:
    """Key in the record, its name for people, and both sides."""
    identity = record.identity
    yield "created", "its creation time", identity.created, fact.created
    yield "run", "its run", identity.run, fact.run
    if identity.logged_model is not None or fact.logged_model is not None:
        # A search shows which logged model it is, whose location never changes, but not the location.
        yield "loggedModel", "its logged model", identity.logged_model, fact.logged_model
    elif "://" in fact.source or fact.source.startswith("mlflow-artifacts:"):
        yield "source", "its source", identity.source, fact.source
