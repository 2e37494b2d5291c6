"""What a deployment served when: for people, and as JSON (`modelsync.dev/history/v1`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone

from reconciler.plan.wording import join_words
from reconciler.report.json_text import write_json
from reconciler.report.screen import clean_screen
from reconciler.state.approvals import Approval, Approvals
from reconciler.state.history import DeploymentHistory, Origin, Period, ServedSpan

_ABBREVIATED = 12


def show_text(history: DeploymentHistory, periods: Sequence[Period]) -> str:
    """The chosen periods, each with its commit and where its versions came from."""
    lines = [f"{history.name} on {history.revision}"]
    for period in periods:
        lines += _show_period(history, period)
    if not periods:
        lines.append("served nothing then, as far as the main branch tells.")
    elif history.approvals is None:
        lines += ["", "Who approved what was not asked; --approvals asks the forge."]
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
        if commit.sha in history.reviews:
            yield f"  its message says: {'; '.join(history.reviews[commit.sha])}"
    if history.approvals is not None:
        yield f"  {_describe_approval(_find_approval(history.approvals, period))}"
    for span in period.spans:
        origin = history.find_origin(span)
        if origin is not None:
            yield f"  {span.model} v{span.version}: {_describe(origin)}"


def _find_approval(approvals: Approvals, period: Period) -> Approval:
    return approvals.find("" if period.commit is None else period.commit.sha)


def _describe_approval(approval: Approval) -> str:
    if approval.unknown:
        return f"approved by whom is not known: {approval.unknown.removesuffix('.')}"
    pull = f"pull request {approval.number} by {approval.author or 'an account that is gone'}"
    words = [f"approved by {join_words(approval.approvers) or 'nobody'}: {pull}", approval.address]
    if approval.uncounted:
        words.append(
            f"not counted: {join_words(approval.uncounted)} (of an earlier commit, or without the right)"
        )
    return ", ".join(words)


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
            "reviews": list(history.reviews.get(commit.sha, ())),
        },
        "approval": None
        if history.approvals is None
        else _approval(_find_approval(history.approvals, period)),
        "variants": [_variant(history, span) for span in period.spans],
    }


def _approval(approval: Approval) -> dict[str, object]:
    known = not approval.unknown
    return {
        "pullRequest": None
        if approval.number is None
        else {"number": approval.number, "author": approval.author or None, "address": approval.address},
        "approvedBy": list(approval.approvers) if known else None,
        "uncounted": list(approval.uncounted) if known else None,
        "unknown": approval.unknown or None,
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
