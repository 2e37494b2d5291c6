"""Records against the registry, as `validate --registry` asks for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from reconciler.clients.registry.interface import RegistryReader, RegistryUnreachable
from reconciler.pin import verification
from reconciler.state.declarations import VersionRecord
from reconciler.state.findings import Undecided, sort_findings
from reconciler.state.repository import Entry, Repository
from reconciler.validate.checks import Check

MAIN = "main"


def verify_records(
    check: Check, bases: Sequence[Repository], open_registry: Callable[[], RegistryReader]
) -> Check:
    """Add what the registry says of the records that differ from any of `bases` (all records without one).

    The registry is not even opened where there is no such record; one that does not answer leaves the
    rules undecided, and blocks. Raises RegistryRefused.
    """
    changed = list_changed_records(check.repository, bases)
    asked = tuple(record for record in changed if record.declaration.identity.registry == MAIN)
    elsewhere = sorted({record.declaration.identity.registry for record in changed} - {MAIN})
    undecided = [
        Undecided(rule=rule, reason=f"registry {name} is not known here", blocking=True)
        for name in elsewhere
        for rule in verification.RULES
    ]
    findings = check.findings
    if asked:
        try:
            facts = open_registry().find_versions(verification.find_names(asked))
            findings = sort_findings((*findings, *verification.verify_records(asked, facts)))
        except RegistryUnreachable as error:
            reason = str(error).rstrip(".")
            undecided += [Undecided(rule=rule, reason=reason, blocking=True) for rule in verification.RULES]
    return replace(
        check,
        findings=findings,
        undecided=(*check.undecided, *undecided),
        policies=check.policies + len(verification.RULES),
    )


def leave_registry_out(check: Check, bases: Sequence[Repository] = ()) -> Check:
    """Say that the rules which need the registry were not decided.

    Where no record differs from `bases` there is nothing to ask, and they are: those of a base were compared.
    """
    differ = not bases or list_changed_records(check.repository, bases)
    reason = "no registry: use --registry"
    skipped = tuple(Undecided(rule=rule, reason=reason) for rule in verification.RULES if differ)
    return replace(
        check, undecided=(*check.undecided, *skipped), policies=check.policies + len(verification.RULES)
    )


def list_changed_records(
    repository: Repository, bases: Sequence[Repository]
) -> tuple[Entry[VersionRecord], ...]:
    """The records that are new or different, by model and version; without a base, all of them.

    Where branches were merged crosswise a change has several bases, and a merge may take what differs from
    any of them.
    """
    return tuple(
        record
        for name, model in sorted(repository.models.items())
        for version, record in sorted(model.records.items())
        if not bases or not all(_is_in(base, name, version, record) for base in bases)
    )


def _is_in(base: Repository, model: str, version: int, record: Entry[VersionRecord]) -> bool:
    if model not in base.models:
        return False
    known = base.models[model].records.get(version)
    return known is not None and known.declaration == record.declaration
