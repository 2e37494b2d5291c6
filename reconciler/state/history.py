"""What served where and since when, as git alone tells it.

The times are those of the commits on the first-parent line of the main branch: a change counts from the
moment at which it was merged, never from the moment at which its author wrote it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reconciler.state.approvals import Approvals


@dataclass(frozen=True, slots=True, kw_only=True)
class MainCommit:
    """A commit on the first-parent line of the main branch.

    `moment` is when it counts from (UTC): its commit date, but never before the one below it. `subject` is
    the first line of its message; `merge` tells that it joined a branch.
    """

    sha: str
    moment: datetime
    author: str
    email: str
    subject: str
    merge: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedSpan:
    """A version that a deployment declared with one share, from one commit to the next that changed it.

    `share` is in percent: of live requests, or of those mirrored to a `shadow`. `version` is None for a
    variant with a graph of its own making; its pinned models have spans of their own, each a `part` with the
    share of the whole, so that what is no part and no shadow sums to 100 at each time. `digest` is that of
    the version's record, empty where there was none. `until` is None where it is declared still. `revision`
    is the commit that began it.
    """

    environment: str
    deployment: str
    model: str
    version: int | None
    digest: str
    shadow: bool
    share: int
    since: datetime
    until: datetime | None
    revision: str
    predictor: str = ""
    part: bool = False

    @property
    def object(self) -> str:
        """The deployment as people name it: `production/wines`."""
        return f"{self.environment}/{self.deployment}"

    def holds(self, moment: datetime) -> bool:
        """Whether it was declared at that moment."""
        return self.since <= moment and (self.until is None or moment < self.until)

    def is_same_version(self, model: str, version: int, digest: str) -> bool:
        """Whether it is that version: equal artifacts, or the same number where one has no record.

        A number alone is not an identity: a registered model that was made anew begins again at 1.
        """
        if self.digest and digest:
            return self.digest == digest
        return self.model == model and self.version == version


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverArrival:
    """When a waiver came to the main branch: one with this rule, these objects and this end.

    A waiver that names other objects or another end is another one, reviewed anew. `revision` is the commit
    that brought it.
    """

    environment: str
    rule: str
    objects: frozenset[str]
    until: str
    since: datetime
    revision: str


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All that the main branch up to the commit `head` tells of what served.

    `complete` is false where the clone is cut short before the beginning; `spans` are sorted by object and
    time, `commits` are the line itself, oldest first; `waivers` are those that the branch holds now, of the
    environments that were asked for.
    """

    head: str
    complete: bool
    spans: tuple[ServedSpan, ...]
    commits: tuple[MainCommit, ...] = ()
    waivers: tuple[WaiverArrival, ...] = ()
    _by_environment: dict[str, list[ServedSpan]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        for span in self.spans:
            self._by_environment.setdefault(span.environment, []).append(span)

    def list_spans(self, environment: str, deployment: str = "") -> tuple[ServedSpan, ...]:
        """The spans of one environment, or of one of its deployments."""
        spans = self._by_environment.get(environment, ())
        return tuple(span for span in spans if not deployment or span.deployment == deployment)

    def find_arrival(
        self, environment: str, rule: str, objects: Iterable[str], until: str
    ) -> WaiverArrival | None:
        """When that waiver came to the main branch; None where it is not there, or nobody asked."""
        named = frozenset(objects)
        for found in self.waivers:
            if (found.environment, found.rule, found.objects, found.until) == (
                environment,
                rule,
                named,
                until,
            ):
                return found
        return None

    def find_version(self, environment: str, model: str, version: int, digest: str) -> tuple[ServedSpan, ...]:
        """The spans in which an environment was given that version, in the order of time.

        Those without any share are left out: nobody was answered, so nothing was proven.
        """
        spans = (span for span in self.list_spans(environment) if span.share > 0)
        found = (span for span in spans if span.is_same_version(model, version, digest))
        return tuple(sorted(found, key=lambda span: (span.since, span.object)))

    def list_served(self, environment: str, deployment: str, moment: datetime) -> tuple[ServedSpan, ...]:
        """What a deployment declared at a moment."""
        return tuple(span for span in self.list_spans(environment, deployment) if span.holds(moment))


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A time in which a deployment declared one set. `spans` are empty where it served nothing.

    `commit` is the one that began it; None where the line does not have it.
    """

    since: datetime
    until: datetime | None
    spans: tuple[ServedSpan, ...]
    commit: MainCommit | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a version came from, as its record said while it served; empty what the record does not tell.

    `data` is the data set by its name and digest, `training` the commit of the training code.
    """

    model: str
    version: int
    digest: str
    run: str = ""
    data: str = ""
    training: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentHistory:
    """What one deployment served, the newest period first. `revision` is the main branch as it was read.

    `reviews` are what the messages of its commits say of reviews, by the commits' full names: words of
    whoever wrote the message, no proof. `approvals` are what a forge says, None where none was asked.
    """

    name: str
    revision: str
    complete: bool
    periods: tuple[Period, ...]
    origins: tuple[Origin, ...] = ()
    reviews: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    approvals: Approvals | None = None

    def find_origin(self, span: ServedSpan) -> Origin | None:
        """Where the version of a span came from, if there was a record of it."""
        return next(
            (
                origin
                for origin in self.origins
                if (origin.model, origin.version, origin.digest) == (span.model, span.version, span.digest)
            ),
            None,
        )


def list_periods(history: History, environment: str, deployment: str) -> tuple[Period, ...]:
    """The times between the changes of a deployment's set, the newest first."""
    by_sha = {commit.sha: commit for commit in history.commits}
    # Of several commits that count from one moment the last one made the set what it was.
    by_moment = {commit.moment: commit for commit in history.commits}
    periods: list[Period] = []
    until: datetime | None = None
    for moment, served in reversed(tuple(list_sets(history.list_spans(environment, deployment)))):
        begun = [span.revision for span in served if span.since == moment]
        cause = by_sha.get(begun[-1]) if begun else None
        periods.append(Period(since=moment, until=until, spans=served, commit=cause or by_moment.get(moment)))
        until = moment
    return tuple(periods)


def list_sets(spans: Iterable[ServedSpan]) -> Iterator[tuple[datetime, tuple[ServedSpan, ...]]]:
    """Each moment at which something begins or ends, and what holds from then on, oldest first."""
    begins: dict[datetime, list[ServedSpan]] = {}
    ends: dict[datetime, list[ServedSpan]] = {}
    for span in spans:
        begins.setdefault(span.since, []).append(span)
        if span.until is not None:
            ends.setdefault(span.until, []).append(span)
    holding: list[ServedSpan] = []
    for moment in sorted({*begins, *ends}):
        over = ends.get(moment, [])
        holding = [span for span in (*holding, *begins.get(moment, [])) if span not in over]
        yield moment, tuple(holding)


def measure(spans: Iterable[ServedSpan], now: datetime) -> timedelta:
    """How long at least one of the spans held until `now`, gaps left out and overlaps counted once."""
    total = timedelta()
    end: datetime | None = None
    for since, until in sorted(_cut(spans, now)):
        start = since if end is None else max(since, end)
        if until > start:
            total += until - start
            end = until
    return total


def _cut(spans: Iterable[ServedSpan], now: datetime) -> Iterator[tuple[datetime, datetime]]:
    for span in spans:
        until = now if span.until is None else min(span.until, now)
        if span.since < until:
            yield span.since, until
