"""What was promised of a sync, beside what was measured. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scripts.bench.sync.uses import FLUX, KUBECTL, KUBECTL_DIFF, LIMIT, OURS, Row, Step, Subject

LATENCY = 50  # ms
_FAR = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A promise: `measured` may be `bar` at most, or must be that at least."""

    promise: str
    measured: float
    bar: float
    at_least: bool
    unit: str

    @property
    def kept(self) -> bool:
        return self.measured >= self.bar if self.at_least else self.measured <= self.bar


def judge(rows: Sequence[Row], *, objects: int = 500) -> tuple[Verdict, ...]:
    """The promises of which all that they compare was measured; `objects` are those of most of them."""
    found = {(row.subject, row.name): row for row in rows}
    verdicts: list[Verdict] = []
    for judge_part in (_judge_noop, _judge_first, _judge_prune, _judge_growth):
        verdicts.extend(judge_part(found, objects))
    return tuple(verdicts)


_Found = Mapping[tuple[Subject, str], Row]


def _judge_noop(found: _Found, objects: int) -> Iterator[Verdict]:
    own = found.get((Subject(objects=objects, step=Step.NOOP), OURS))
    if own is not None:
        yield _most(f"no-op of {objects}: API requests", own.asked, 15, "")
        yield _most(f"no-op of {objects}: writes", own.writes, 0, "")
    peer = found.get((Subject(objects=objects, step=Step.NOOP), KUBECTL))
    if own is not None and peer is not None:
        yield _most(f"no-op of {objects}: CPU in the API server, of kubectl's", own.server / peer.server, 0.1)
    for number, latency, bar in ((objects, 0, 4.0), (_FAR, 0, 15.0), (objects, LATENCY, 20.0)):
        subject = Subject(objects=number, step=Step.NOOP, latency=latency)
        yield from _judge_speed(found, subject, KUBECTL, bar)


def _judge_first(found: _Found, objects: int) -> Iterator[Verdict]:
    subject = Subject(objects=objects, step=Step.FIRST)
    own, limit = found.get((subject, OURS)), found.get((subject, LIMIT))
    if own is not None and own.applying is not None and limit is not None:
        yield _most(
            f"{subject}: dry-run and apply, of the same requests raw", own.applying / limit.seconds, 1.33
        )
    peer = found.get((subject, KUBECTL))
    if own is not None and peer is not None:
        yield _most(f"{subject}: wall, of kubectl's", own.seconds / peer.seconds, 1.25)
    yield from _judge_speed(found, subject, FLUX, 1.7)
    yield from _judge_speed(found, Subject(objects=objects, step=Step.PLAN), KUBECTL_DIFF, 4.0)


def _judge_prune(found: _Found, objects: int) -> Iterator[Verdict]:
    yield from _judge_speed(found, Subject(objects=objects, step=Step.PRUNE), FLUX, 1.0)


def _judge_growth(found: _Found, objects: int) -> Iterator[Verdict]:
    for number, bar in ((1000, 120.0), (10_000, 400.0)):
        peaks = [row.mib for (subject, name), row in found.items() if _is_sync(subject, name, number)]
        if peaks:
            yield _most(f"{number} objects: peak memory of a sync", max(peaks), bar, "MiB")
    for step in (Step.FIRST, Step.NOOP):
        near = found.get((Subject(objects=objects, step=step), OURS))
        for number in (_FAR, 10_000):
            far = found.get((Subject(objects=number, step=step), OURS))
            if near is not None and far is not None:
                grown = (far.seconds / near.seconds) / (number / objects)
                yield _most(f"{step}: time for {number / objects:g} times the objects, of linear", grown, 1.0)


def _judge_speed(found: _Found, subject: Subject, name: str, bar: float) -> Iterator[Verdict]:
    own, peer = found.get((subject, OURS)), found.get((subject, name))
    if own is not None and peer is not None:
        yield Verdict(
            promise=f"{subject}: faster than {name}",
            measured=peer.seconds / own.seconds,
            bar=bar,
            at_least=True,
            unit="×",
        )


def _is_sync(subject: Subject, name: str, objects: int) -> bool:
    return name == OURS and subject.objects == objects and subject.step is not Step.PLAN


def _most(promise: str, measured: float, bar: float, unit: str = "×") -> Verdict:
    return Verdict(promise=promise, measured=measured, bar=bar, at_least=False, unit=unit)
