"""What a deployment served when: for people, and as JSON (`modelsync.dev/history/v1`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone

from reconciler.report.json_text import write_json
from reconciler.report.screen import clean_screen
from reconciler.state.history import DeploymentHistory, Origin, Period, ServedSpan

_ABBREVIATED = 12


def show_text(history: DeploymentHistory, periods: Sequence[Period]) -> str:
    """The chosen periods, each with its commit and where its versions came from."""
    lines = [f"{history.name} on {history.revision}"]
    for period in periods:
        lines += _show_period(history, period)
    if not periods:
        lines.append("served nothing then, as far as the main branch tells.")
    if not history.complete:
        lines.append("")
        lines.append(
            "What was before is not known: the clone is cut short. "
            "git fetch --unshallow gives the rest; in CI, fetch-depth: 0."
        )
    return clean_screen("\n".join(lines))


def show_json(history: DeploymentHistory, periods: Sequence[Period]) -> str:
    """`modelsync.dev/history/v1`: times in UTC, shares in percent, `until` null where it goes on."""
    value = {
        "apiVersion": "modelsync.dev/history/v1",
        "deployment": history.name,
        "revision": history.revision,
        "complete": history.complete,
        "periods": [_period(history, period) for period in periods],
    }
    return write_json(value)


def _show_period(history: DeploymentHistory, period: Period) -> Iterator[str]:
    until = "now" if period.until is None else f"{period.until:%Y-%m-%d %H:%M}"
    shares = ", ".join(_name(span) for span in period.spans if not span.part) or "nothing"
    yield ""
    yield f"{period.since:%Y-%m-%d %H:%M} UTC to {until}: {shares}"
    if period.commit is not None:
        commit = period.commit
        yield f"  {commit.sha[:_ABBREVIATED]} {commit.subject} ({commit.author} <{commit.email}>)"
    for span in period.spans:
        origin = history.find_origin(span)
        if origin is not None:
            yield f"  {span.model} v{span.version}: {_describe(origin)}"


def _name(span: ServedSpan) -> str:
    """`v5 10 %`, `v6 shadow 100 %`, or a graph by its predictor's name."""
    name = span.predictor if span.version is None else f"v{span.version}"
    return f"{name}{' shadow' if span.shadow else ''} {span.share} %"


def _describe(origin: Origin) -> str:
    parts = [f"run {origin.run}"] if origin.run else []
    parts += [f"data {origin.data}"] if origin.data else []
    parts += [f"training commit {origin.training}"] if origin.training else []
    return ", ".join((*parts, f"files {origin.digest.partition(':')[2][:_ABBREVIATED]}"))


def _period(history: DeploymentHistory, period: Period) -> dict[str, object]:
    commit = period.commit
    return {
        "since": _time(period.since),
        "until": None if period.until is None else _time(period.until),
        "commit": None
        if commit is None
        else {
            "sha": commit.sha,
            "author": commit.author,
            "email": commit.email,
            "subject": commit.subject,
            "merge": commit.merge,
        },
        "variants": [_variant(history, span) for span in period.spans],
    }


def _variant(history: DeploymentHistory, span: ServedSpan) -> dict[str, object]:
    origin = history.find_origin(span)
    return {
        "predictor": span.predictor,
        "model": span.model,
        "version": span.version,
        "digest": span.digest or None,
        "shadow": span.shadow,
        "share": span.share,
        "part": span.part,
        "run": (origin.run or None) if origin else None,
        "data": (origin.data or None) if origin else None,
        "training": (origin.training or None) if origin else None,
    }


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
