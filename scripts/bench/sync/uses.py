"""What runs used, and medians of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import median

from scripts.bench.sync.requests import count_writes

OURS = "modelsync"
KUBECTL = "kubectl, ApplySets"
KUBECTL_DIFF = "kubectl diff"
FLUX = "Flux"
LIMIT = "limit"


class Step(str, Enum):
    """What is done to the objects."""

    FIRST = "first apply"
    NOOP = "no-op"
    PLAN = "plan, nothing changed"
    PRUNE = "prune"
    LIST = "read all"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Subject:
    """One step on a number of objects, with so many milliseconds for each round trip on top."""

    objects: int
    step: Step
    latency: int = 0

    def __str__(self) -> str:
        slow = f", {self.latency} ms latency" if self.latency else ""
        return f"{self.objects} objects: {self.step}{slow}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One run: seconds on the wall and on processors (the client's, the API server's), the client's peak
    memory in MiB, and requests by verb. `applying` are the seconds in which objects were rehearsed and
    written, where that was asked for.
    """

    seconds: float
    client: float
    server: float
    mib: float
    requests: Mapping[str, int]
    applying: float | None = None

    @property
    def asked(self) -> int:
        return sum(self.requests.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Medians of one program's runs on one subject.

    `requests` are those of the run with the median number of them. Ratios are to modelsync on the same
    subject, None where it has none there: 2.0 takes twice as much.
    """

    subject: Subject
    name: str
    runs: int
    seconds: float
    fastest: float
    slowest: float
    client: float
    server: float
    mib: float
    requests: Mapping[str, int]
    applying: float | None
    ratio_seconds: float | None
    ratio_server: float | None

    @property
    def asked(self) -> int:
        return sum(self.requests.values())

    @property
    def writes(self) -> int:
        return count_writes(self.requests)


def build_rows(uses: Mapping[tuple[Subject, str], Sequence[Use]]) -> tuple[Row, ...]:
    """A row for each program on each subject, in the order given."""
    rows = []
    for (subject, name), runs in uses.items():
        own = uses.get((subject, OURS), ())
        middle = sorted(runs, key=lambda use: use.asked)[(len(runs) - 1) // 2]
        applying = [use.applying for use in runs if use.applying is not None]
        seconds = median(use.seconds for use in runs)
        server = median(use.server for use in runs)
        rows.append(
            Row(
                subject=subject,
                name=name,
                runs=len(runs),
                seconds=seconds,
                fastest=min(use.seconds for use in runs),
                slowest=max(use.seconds for use in runs),
                client=median(use.client for use in runs),
                server=server,
                mib=median(use.mib for use in runs),
                requests=middle.requests,
                applying=median(applying) if applying else None,
                ratio_seconds=_divide(seconds, [use.seconds for use in own]),
                ratio_server=_divide(server, [use.server for use in own]),
            )
        )
    return tuple(rows)


def _divide(value: float, own: Sequence[float]) -> float | None:
    # Ticks of a processor may be none at all in a short run.
    return value / median(own) if own and median(own) > 0 else None
