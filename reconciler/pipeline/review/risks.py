"""What a reviewer should weigh beside the shares themselves. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.pipeline.review.rows import ModelChange, find_record, read_model, read_version
from reconciler.plan.replacement import keeps_one
from reconciler.plan.restarts import PodFate
from reconciler.plan.shares import read_live_shares
from reconciler.plan.wording import describe_set, join_words
from reconciler.state.plans import Cause, Op
from reconciler.state.repository import EnvironmentEntry, Repository
from reconciler.state.reviews import Note
from reconciler.state.shares import Share

_STEP = 50
"""Percentage points that a share may move at once before it is told, where the environment says nothing."""

_STEP_RULE = "max-traffic-step"


def list_risks(item: ModelChange, head: Repository) -> Iterator[Note]:
    """The risks of one changed deployment, the gravest first."""
    entry = head.environments.get(item.environment)
    texts = [
        *_tell_end(item),
        *_tell_replacement(item),
        *_tell_jumps(item, entry),
        *_tell_way_back(item),
        *_tell_restarts(item),
        *_tell_artifacts(item, head),
    ]
    if _is_protected(entry):
        texts.append("the environment is protected")
    return (Note(object=item.object, text=text) for text in texts)


def _tell_end(item: ModelChange) -> Iterator[str]:
    change = item.change
    if change.op is Op.DELETE:
        why = (
            "retired"
            if change.cause is Cause.RETIREMENT
            else "no longer declared, and nothing says retire: true"
        )
        stays = "; its Pods and routes stay" if change.orphan else ""
        yield f"is deleted with {describe_set(item.shares_before) or 'all it serves'}: {why}{stays}"
    elif change.op is Op.CREATE:
        yield "first deployment here: nothing serves under this name yet"


def _tell_replacement(item: ModelChange) -> Iterator[str]:
    if item.old is None or item.new is None:
        return
    running, wanted = read_live_shares(item.old), read_live_shares(item.new)
    if running and not keeps_one(item.old, running, item.new, wanted):
        yield (
            "no version that serves now keeps a share; sync refuses that (keep-a-running-variant) unless "
            "it is waived or brings back what served well here before"
        )


def _tell_jumps(item: ModelChange, entry: EnvironmentEntry | None) -> Iterator[str]:
    if item.old is None or item.new is None:
        return
    limit = _find_step(entry)
    before = _sum_shares(item.shares_before)
    for version, percent in _sum_shares(item.shares_after).items():
        if percent - before.get(version, 0) > limit:
            yield f"{version} jumps from {before.get(version, 0)} % to {percent} % at once"


def _tell_way_back(item: ModelChange) -> Iterator[str]:
    main = item.main
    if main is None or item.new is None:
        return
    stays = any(share.version == main.version for share in item.shares_after)
    if not stays or read_model(item.old) != read_model(item.new):
        yield f"{main.version} goes, so that the way back to it starts its Pods anew"
    elif _sum_shares(item.shares_after).get(main.version, 0) < main.percent:
        yield f"the way back stays: {main.version} keeps its Pods"


def _tell_restarts(item: ModelChange) -> Iterator[str]:
    live = {share.predictor: share for share in item.shares_before if not share.shadow and share.percent > 0}
    names = [name for name, fate in item.fates.items() if fate is PodFate.REPLACED and name in live]
    if names:
        yield f"Pods of {join_words(names)} are replaced while they serve"


def _tell_artifacts(item: ModelChange, head: Repository) -> Iterator[str]:
    known = {read_version(share) for share in item.shares_before}
    for share in item.shares_after:
        version = read_version(share)
        record = (
            find_record(head, read_model(item.new), version) if version and version not in known else None
        )
        if record is not None and any(file.sha256 is None for file in record.identity.files.values()):
            yield f"{share.version} has files that are known by their store's checksum alone"


def _sum_shares(shares: tuple[Share, ...]) -> dict[str, int]:
    """Percent of live requests by version: a new roll-out is the same version."""
    total: dict[str, int] = {}
    for share in shares:
        if not share.shadow:
            total[share.version] = total.get(share.version, 0) + share.percent
    return total


def _find_step(entry: EnvironmentEntry | None) -> int:
    said = entry.environment.declaration.rules.get(_STEP_RULE).value if entry and entry.environment else None
    return said if isinstance(said, int) else _STEP


def _is_protected(entry: EnvironmentEntry | None) -> bool:
    return entry is not None and entry.environment is not None and entry.environment.declaration.protected
