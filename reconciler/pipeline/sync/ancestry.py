"""How the commit that was applied last stands to the one of this run."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.clients.source.interface import Lineage, Revision, RevisionNotFound, Source
from reconciler.plan.guards import Ancestry

_ANCESTRIES = {
    Lineage.ANCESTOR: Ancestry.ANCESTOR,
    Lineage.NOT_ANCESTOR: Ancestry.REWRITTEN,
    Lineage.UNKNOWN: Ancestry.UNKNOWN,
}


def ask_ancestry(source: Source, revision: Revision) -> Callable[[str], Ancestry]:
    """How an applied revision stands to this run's; each is asked for once."""
    known: dict[str, Ancestry] = {}

    def find(applied: str) -> Ancestry:
        if not applied:
            return Ancestry.FIRST
        sha = applied.rpartition(":")[2]
        if sha == revision.sha:
            return Ancestry.ANCESTOR
        if sha not in known:
            known[sha] = _find(source, sha, revision)
        return known[sha]

    return find


def _find(source: Source, sha: str, revision: Revision) -> Ancestry:
    try:
        return _ANCESTRIES[source.find_lineage(sha, revision.sha)]
    except RevisionNotFound:
        # Whoever can write the record can write anything into it, also what is no commit's name.
        return Ancestry.UNKNOWN
