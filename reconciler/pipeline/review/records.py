"""The records that a change adds or edits: what must be compared with the registry before it is merged."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.clients.source.interface import Revision, RevisionNotFound, Source, Tree
from reconciler.load.documents import load
from reconciler.pin.decision import Verdict
from reconciler.pin.selection import Pinned, Selection, select_records
from reconciler.pipeline.verification import list_changed_records
from reconciler.plan.wording import count, join_words
from reconciler.state.repository import Repository
from reconciler.validate.parse import parse

STATUS_MOST_NAMES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedRecords:
    """The commit that was asked about, what it declares, and its records that are new or different."""

    head: Revision
    repository: Repository
    selection: Selection


def find_changed_records(source: Source, base: str, head: str) -> ChangedRecords:
    """What the commit `head` changed since it left the branch `base`; both are read as git objects.

    Where branches were merged crosswise it left at several commits, and a merge may take what differs from
    any of them. Raises the source's errors, and SettingsError for a record whose model is not declared.
    """
    revision, main = source.resolve(head), source.resolve(base)
    try:
        forks = source.find_merge_bases(main.sha, revision.sha)
    except RevisionNotFound:
        # In a clone that is cut short it may be out of sight; the tip is what the change is merged into.
        forks = (main.sha,)
    after = _parse(source.read(revision))
    keys: set[tuple[str, int]] = set()
    for fork in forks:
        keys |= _find_keys(after, _parse(source.read(Revision(ref=base, sha=fork))))
    return ChangedRecords(head=revision, repository=after, selection=select_records(after, sorted(keys)))


def is_verified(pinned: Pinned) -> bool:
    """Whether a changed record says what the registry says now, its evidence included.

    Of a record that was reviewed evidence may move later; of one that comes in, it was somebody's hand.
    """
    return pinned.decision.verdict is Verdict.UNCHANGED


def describe_records(results: tuple[Pinned, ...]) -> str:
    """How it ended, in a status' few words."""
    if not results:
        return "no record changed; the registry was not asked"
    wrong = [item.wanted.label for item in results if not is_verified(item)]
    if not wrong:
        shown = [item.wanted.label for item in results]
        verb = "is as the registry has it" if len(shown) == 1 else "are as the registry has them"
        return f"{_name(shown)} {verb}"
    return f"{_name(wrong)} {'is' if len(wrong) == 1 else 'are'} not what the registry has"


def _name(labels: list[str]) -> str:
    if len(labels) <= STATUS_MOST_NAMES:
        return join_words(labels)
    return count(len(labels), "record")


def _find_keys(after: Repository, before: Repository) -> set[tuple[str, int]]:
    readable = {record.document.file for record in list_changed_records(after, (before,))}
    keys: set[tuple[str, int]] = set()
    for name, model in sorted(after.models.items()):
        known = before.models.get(name)
        faulty = model.faulty_records - (known.faulty_records if known is not None else frozenset())
        changed = {version for version, record in model.records.items() if record.document.file in readable}
        keys |= {(name, version) for version in changed | faulty}
    return keys


def _parse(tree: Tree) -> Repository:
    return parse(load(tree.files, links=tree.links, submodules=tree.submodules))[0]
