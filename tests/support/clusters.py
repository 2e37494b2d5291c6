"""A target in a real cluster: declare, look, plan, apply, as the pipeline does but one step at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from reconciler.apply.applier import apply_plan
from reconciler.apply.clock import SystemClock
from reconciler.apply.lease import LeaseTerms, TargetLease
from reconciler.apply.recorder import save_record
from reconciler.apply.results import Applied
from reconciler.apply.stop import Stop
from reconciler.clients.cluster.interface import Cluster
from reconciler.observe.inventory import find_part_of
from reconciler.observe.live import observe
from reconciler.plan.planner import PlanInput, make_plan
from reconciler.render.digest import digest_manifests
from reconciler.state.inventory import ObjectResult, TargetRecord
from reconciler.state.objects import SELDON_DEPLOYMENT, LiveObject, Manifest
from reconciler.state.observations import Observation
from reconciler.state.plans import Plan
from reconciler.state.targets import Desired, Target
from tests.support.worlds import REVISION, make_manifest


@dataclass(slots=True, kw_only=True)
class LiveTarget:
    """One target of `cluster`. `reports` collects what runs told while they went; `stop` ends them."""

    cluster: Cluster
    target: Target
    manifests: tuple[Manifest, ...] = ()
    retired: frozenset[str] = frozenset()
    drift: Literal["heal", "report"] = "heal"
    holder: str = "test"
    duration: float = 15.0
    reports: list[ObjectResult] = field(default_factory=list)
    stop: Stop = field(default_factory=Stop)

    @property
    def part_of(self) -> str:
        return find_part_of(self.target)

    def make(self, name: str, shares: dict[str, int] | None = None, **rest: Any) -> Manifest:
        return make_manifest(name, shares, target=self.target, part_of=self.part_of, **rest)

    def declare(self, *manifests: Manifest) -> None:
        self.manifests = manifests

    def observe(self) -> Observation:
        return observe(self.cluster.reader, self.target)

    def plan(self, observation: Observation) -> Plan:
        return make_plan(
            PlanInput(
                desired=Desired(target=self.target, deployments=(), retired=self.retired),
                manifests=self.manifests,
                observation=observation,
                revision=REVISION,
                digest=digest_manifests(self.manifests),
                part_of=self.part_of,
                drift=self.drift,
            )
        )

    def lease(self, **terms: float) -> TargetLease:
        chosen = LeaseTerms(**{"duration": self.duration, **terms})
        return TargetLease(
            self.cluster, self.target, holder=self.holder, clock=SystemClock(), terms=chosen, stop=self.stop
        )

    def sync(self, *, meanwhile: Callable[[], object] | None = None) -> Applied:
        """Look, plan, apply and record; `meanwhile` happens between the look and the apply."""
        with self.lease() as lease:
            observation = self.observe()
            plan = self.plan(observation)
            known = observation.record

            def save(record: TargetRecord) -> TargetRecord:
                nonlocal known
                known = save_record(self.cluster, self.target, record, known=known, fence=lease)
                return known

            if meanwhile is not None:
                meanwhile()
            applied = apply_plan(
                plan,
                self.cluster,
                observation=observation,
                manifests=self.manifests,
                part_of=self.part_of,
                fence=lease,
                save=save,
                report=self.reports.append,
                stop=self.stop,
            )
            return replace(applied, record=save(applied.record))

    def find(self, name: str) -> LiveObject | None:
        return self.cluster.reader.get(SELDON_DEPLOYMENT, self.target.namespace, name)

    def demand(self, name: str) -> LiveObject:
        """The object, which must be there."""
        live = self.find(name)
        if live is None:
            raise AssertionError(f"there is no {name}")
        return live

    def delete(self, name: str) -> None:
        live = self.demand(name)
        self.cluster.writer.delete(live.key, uid=live.uid, resource_version=live.resource_version)
