"""The model table of a change: which version takes which share where, and what is known of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.pipeline.review.evidence import compare_versions, describe_version
from reconciler.plan.restarts import PodFate, find_fates
from reconciler.plan.shares import read_shares
from reconciler.state.declarations import VersionRecord
from reconciler.state.history import History, measure
from reconciler.state.objects import MODEL_LABEL, SELDON_DEPLOYMENT, Body, Manifest, ObjectKey
from reconciler.state.plans import Change, Op, Plan
from reconciler.state.repository import EnvironmentEntry, Repository
from reconciler.state.reviews import Evidence, VariantRow
from reconciler.state.shares import Share

_POD_WORDS = {
    PodFate.STARTED: "started",
    PodFate.REPLACED: "replaced",
    PodFate.SCALED: "scaled",
    PodFate.STOPPED: "stopped",
    PodFate.KEPT: "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedTarget:
    """One target's plan with the bodies that it compares, by their keys."""

    plan: Plan
    before: Mapping[ObjectKey, Manifest]
    after: Mapping[ObjectKey, Manifest]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChange:
    """A SeldonDeployment that a plan changes: its bodies (None: it is not there) and what they ask for."""

    target: str
    environment: str
    change: Change
    old: Body | None
    new: Body | None
    shares_before: tuple[Share, ...]
    shares_after: tuple[Share, ...]
    fates: Mapping[str, PodFate]

    @property
    def object(self) -> str:
        return f"{self.target}/{self.change.deployment}"

    @property
    def main(self) -> Share | None:
        """The live variant that has the largest share now."""
        live = [share for share in self.shares_before if not share.shadow and share.percent > 0]
        return max(live, key=lambda share: share.percent, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowContext:
    """What rows are made from beside the bodies; `history` may be unknown."""

    base: Repository
    head: Repository
    now: datetime
    history: History | None = None
    _known: dict[tuple[str, int, str, int], Evidence] = field(init=False, repr=False, default_factory=dict)

    def compare(self, model: str, version: int, other_model: str, other: int) -> Evidence:
        """The evidence of one version against another; the same pair is compared once (other 0: none)."""
        key = (model, version, other_model, other)
        if key not in self._known:
            mine = find_record(self.head, model, version)
            self._known[key] = (
                compare_versions(version, mine, other, find_record(self.base, other_model, other))
                if other
                else describe_version(version, mine)
            )
        return self._known[key]


def list_model_changes(compared: ComparedTarget) -> Iterator[ModelChange]:
    """The SeldonDeployments that are created, changed or deleted, in the plan's order."""
    faulty = {fault.deployment for fault in compared.plan.faults}
    for change in compared.plan.changes:
        if change.key.kind != SELDON_DEPLOYMENT or change.op is Op.SKIP or change.deployment in faulty:
            continue
        before, after = compared.before.get(change.key), compared.after.get(change.key)
        old, new = before.body if before else None, after.body if after else None
        yield ModelChange(
            target=str(compared.plan.target),
            environment=compared.plan.target.environment,
            change=change,
            old=old,
            new=new,
            shares_before=read_shares(old),
            shares_after=read_shares(new),
            fates=find_fates(old, new),
        )


def list_rows(item: ModelChange, context: RowContext) -> Iterator[VariantRow]:
    """A row for each variant of a deployment, those that stay as they are included."""
    before = {share.predictor: share for share in item.shares_before}
    after = {share.predictor: share for share in item.shares_after}
    for name in dict.fromkeys((*after, *before)):
        old, new = before.get(name), after.get(name)
        yield VariantRow(
            target=item.target,
            deployment=item.change.deployment,
            variant=name,
            shadow=new.shadow if new is not None else old is not None and old.shadow,
            old_version=old.version if old else None,
            new_version=new.version if new else None,
            old_share=old.percent if old else None,
            new_share=new.percent if new else None,
            evidence=_find_evidence(item, old, new, context),
            standing=_find_standing(item, old, new, context),
            pods=_POD_WORDS[item.fates[name]],
        )


def find_record(repository: Repository, model: str, version: int) -> VersionRecord | None:
    """The readable record of a version, by the model's folder."""
    entry = repository.models.get(model)
    record = entry.records.get(version) if entry is not None else None
    return record.declaration if record is not None else None


def read_model(body: Body | None) -> str:
    """The folder under models/ that a SeldonDeployment's body is made from."""
    return str(((body or {}).get("metadata", {}).get("labels") or {}).get(MODEL_LABEL, ""))


def read_version(share: Share | None) -> int:
    """The number of `v5`; 0 for a variant that serves a graph under a name of its own."""
    digits = share.version.removeprefix("v") if share is not None else ""
    return int(digits) if digits.isdecimal() else 0


def _gains(old: Share | None, new: Share | None) -> bool:
    """Whether a version comes, or gets more than it had."""
    if new is None:
        return False
    return old is None or old.version != new.version or old.percent < new.percent


def _find_evidence(
    item: ModelChange, old: Share | None, new: Share | None, context: RowContext
) -> Evidence | None:
    version = read_version(new)
    if not version or not _gains(old, new):
        return None
    main, model = item.main, read_model(item.new)
    if main is None or (main.version == (new.version if new else "") and read_model(item.old) == model):
        rivals = [
            share for share in item.shares_before if not share.shadow and read_version(share) != version
        ]
        main = max(rivals, key=lambda share: share.percent, default=None) if main is not None else None
    other = read_version(main)
    return context.compare(model, version, read_model(item.old) if other else "", other)


def _find_standing(item: ModelChange, old: Share | None, new: Share | None, context: RowContext) -> str:
    version, history = read_version(new), context.history
    if history is None or not version or not _gains(old, new):
        return ""
    model = read_model(item.new)
    record = find_record(context.head, model, version)
    digest = record.identity.digest if record is not None else ""
    here = history.find_version(item.environment, model, version, digest)
    said = []
    if not here:
        said.append(f"first time in {item.environment}" if history.complete else "")
    elif all(span.until is not None for span in here):
        said.append(f"served {item.environment} before")
    for upstream in _list_upstream(context.head.environments.get(item.environment)):
        spans = history.find_version(upstream, model, version, digest)
        if spans:
            # A clone that is cut short shows the end of that time only.
            least = "" if history.complete else "at least "
            said.append(f"{least}{_say_time(measure(spans, context.now))} in {upstream}")
        elif not here and history.complete:
            said.append(f"never in {upstream}")
    return "; ".join(filter(None, said))


def _list_upstream(entry: EnvironmentEntry | None) -> tuple[str, ...]:
    return entry.environment.declaration.upstream if entry is not None and entry.environment else ()


def _say_time(span: timedelta) -> str:
    """`26 h`; whole days from three on, minutes below an hour."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 3 * 24 * 60 else f"{minutes // (24 * 60)} days"
