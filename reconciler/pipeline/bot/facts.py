"""What the registry bot goes by: deployments that ask for it, and what the registry has of their models."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.clients.registry.interface import (
    RegistryReader,
    RunFacts,
    VersionDetails,
    VersionFacts,
)
from reconciler.pin.refusals import READY
from reconciler.pipeline.edits.edit import Workspace, name_file
from reconciler.plan.exceptions import describe_suspension, find_suspension
from reconciler.plan.following import Candidate, Market, Measured, find_hold, list_newer, list_served
from reconciler.state.declarations import Deployment, Follow
from reconciler.state.exceptions import Exceptions
from reconciler.state.repository import EnvironmentEntry

MOST_MEASURED = 20
"""How many of the newest versions a metric is read of: each takes four requests."""

_TRAINING = "training"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A deployment that the bot looks after: what it follows, if anything, and whether it may go back.

    `idle` says why nothing is proposed now; `faulty` that this is for a fault.
    """

    environment: EnvironmentEntry
    name: str
    deployment: Deployment
    follow: Follow | None
    goes_back: bool
    idle: str = ""
    faulty: bool = False

    @property
    def id(self) -> str:
        return f"{self.environment.name}/{self.name}"

    @property
    def file(self) -> str:
        return name_file(self.environment.name, self.name)


def list_watched(workspace: Workspace) -> tuple[Watched, ...]:
    """All deployments that follow their model, and all of environments with `auto: rollback`, by their id."""
    return tuple(
        watched
        for _, environment in sorted(workspace.repository.environments.items())
        for name in sorted(environment.deployments)
        if (watched := _watch(environment, name, workspace.now)) is not None
    )


def _watch(environment: EnvironmentEntry, name: str, now: datetime) -> Watched | None:
    entry = environment.environment
    declaration = environment.deployments[name].declaration
    goes_back = entry is not None and entry.declaration.auto == "rollback"
    if declaration.follow is None and not goes_back:
        return None
    watched = Watched(
        environment=environment,
        name=name,
        deployment=declaration,
        follow=declaration.follow,
        goes_back=goes_back,
    )
    exceptions = environment.known_exceptions
    if exceptions is None:
        file = f"environments/{environment.name}/exceptions.yaml"
        return replace(watched, idle=f"{file} cannot be read, so what is held is not known", faulty=True)
    if entry is None:
        reason = f"environments/{environment.name}/environment.yaml cannot be used"
        return replace(watched, idle=reason, faulty=True)
    if declaration.retire or entry.declaration.retire:
        return replace(watched, idle="it is retired")
    suspension = find_suspension(exceptions, name, now)
    return watched if suspension is None else replace(watched, idle=describe_suspension(suspension))


def list_held(watched: Watched, candidates: Iterable[Candidate], now: datetime) -> Mapping[int, str]:
    """The reasons of the holds that keep versions from a deployment, by version."""
    exceptions = watched.environment.known_exceptions or Exceptions()
    found = {item.version: find_hold(exceptions, watched.name, item.version, now) for item in candidates}
    return {version: hold.reason for version, hold in found.items() if hold is not None}


class Registry:
    """What is asked of the registry in one run: versions and aliases of all models at once."""

    def __init__(self, reader: RegistryReader, names: tuple[str, ...], *, aliases: bool) -> None:
        """Search for the registered models `names`, and for their aliases. Raises RegistryError."""
        self._reader = reader
        self._facts = {(facts.name, facts.version): facts for facts in reader.find_versions(names)}
        self._aliases = reader.aliases(names) if aliases else ()
        self._details: dict[tuple[str, int], VersionDetails] = {}

    @property
    def reader(self) -> RegistryReader:
        return self._reader

    def find(self, name: str, version: int) -> VersionFacts:
        """The facts of a version that a market offered."""
        return self._facts[name, version]

    def describe(self, name: str, deployment: Deployment, follow: Follow) -> Market:
        """What there is of a model for a deployment. Raises RegistryError where metrics are to be read."""
        candidates = tuple(
            Candidate(version=facts.version, ready=facts.status == READY, tags=facts.tags)
            for (found, _), facts in self._facts.items()
            if found == name
        )
        market = Market(
            name=name,
            candidates=candidates,
            aliases={item.alias: item.version for item in self._aliases if item.name == name},
        )
        if follow.metric is None:
            return market
        newer = [item.version for item in list_newer(deployment, candidates)][-MOST_MEASURED:]
        served = [version for version in list_served(deployment) if (name, version) in self._facts]
        measured = tuple(
            self._measure(name, version, follow.metric) for version in (*served, *newer) if newer
        )
        return replace(market, measured=measured)

    def _measure(self, name: str, version: int, metric: str) -> Measured:
        key = (name, version)
        if key not in self._details:
            self._details[key] = self._reader.describe(name, version)
        return measure(self._details[key], metric)


def measure(details: VersionDetails, metric: str) -> Measured:
    """A version's value of a metric, and the data that it was measured on as far as that is recorded.

    The logged model's own metrics come before the run's, as they do in a record.
    """
    run = details.run if isinstance(details.run, RunFacts) else None
    model = details.logged_model
    metrics = (model.metrics if model else {}) or (run.metrics if run else {})
    data = [item.digest for item in (run.datasets if run else ()) if item.context != _TRAINING]
    return Measured(
        version=details.facts.version,
        value=metrics.get(metric),
        data=min(data) if len(set(data)) == 1 else "",
    )


def hash_facts(*facts: object) -> str:
    """One name (64 hexadecimal digits) for what a proposal is made from."""
    return hashlib.sha256(json.dumps(facts, ensure_ascii=True).encode("ascii")).hexdigest()


def hash_file(content: bytes | None) -> str:
    """The content of a file, as a fact; empty where there is none."""
    return "" if content is None else hashlib.sha256(content).hexdigest()
