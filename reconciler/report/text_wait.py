"""How waiting for a revision ended: in a line or two, and as JSON (`modelsync.dev/wait/v1`)."""

from __future__ import annotations

from reconciler.plan.wording import count, describe_set, shorten_revision
from reconciler.report.json_record import show_shares
from reconciler.report.json_text import write_json
from reconciler.report.screen import clean_screen
from reconciler.report.text_status import show_span
from reconciler.state.outcomes import Outcome
from reconciler.state.waits import Waited


def show_wait(waited: Waited) -> str:
    """What became of the revision, why, and what to do where it is not served."""
    word = "undecided: " if waited.outcome is Outcome.UNDECIDED else ""
    revision = shorten_revision(waited.revision)
    lines = [f"{word}{waited.name}: {revision} {_say_end(waited)}"]
    if waited.overtaken:
        lines.insert(0, f"{waited.name}: {shorten_revision(waited.overtaken)} was overtaken by {revision}.")
    advice = _ADVICE.get(waited.outcome)
    if advice:
        environment = waited.name.partition("/")[0]
        lines.append(f"  {advice.format(name=waited.name, environment=environment)}")
    return clean_screen("\n".join(lines))


def show_json(waited: Waited) -> str:
    """`modelsync.dev/wait/v1`: `declared` is empty where the revision ends the deployment."""
    value = {
        "apiVersion": "modelsync.dev/wait/v1",
        "deployment": waited.name,
        "revision": waited.revision,
        "overtaken": waited.overtaken or None,
        "outcome": int(waited.outcome),
        "reason": waited.reason or None,
        "declared": show_shares(waited.shares),
        "seconds": round(waited.seconds, 1),
        "requests": waited.requests,
    }
    return write_json(value)


_ADVICE = {
    Outcome.UNHEALTHY: "Why: modelsync status {name}; the way back: modelsync rollback {name}",
    Outcome.REFUSED: "What was refused, and how to allow it: modelsync plan {environment} --live",
    Outcome.FINDINGS: "What is there now: modelsync status {name}",
    Outcome.UNDECIDED: "This is no pass. What is there now: modelsync status {name}",
}


def _say_end(waited: Waited) -> str:
    after = f"after {show_span(waited.seconds)}; {count(waited.requests, 'request')}"
    if waited.outcome is Outcome.DONE:
        what = (
            f"is served: {describe_set(waited.shares)}; Current"
            if waited.shares
            else "has ended it, and it is gone"
        )
        return f"{what} {after}."
    if waited.outcome is Outcome.UNDECIDED:
        return f"is not served yet, and the time is over {after}: {waited.reason}"
    said = {Outcome.UNHEALTHY: "is unhealthy past its deadline", Outcome.REFUSED: "was refused"}
    return f"{said.get(waited.outcome, 'failed')} {after}: {waited.reason}"
