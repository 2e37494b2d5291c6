"""A run of the registry bot: in plain words, as JSON, and the last word of a pull request that it closes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.report.comment_parts import clean_line, show_text
from reconciler.report.json_record import Json
from reconciler.report.json_text import write_json
from reconciler.state.bot import BotResult, Word
from reconciler.state.outcomes import worst

_WOULD = {
    Word.OPENED: "would open",
    Word.UPDATED: "would update",
    Word.CLOSED: "would close",
}


def show_bot(results: Sequence[BotResult], *, dry_run: bool) -> str:
    """What became of each deployment; those that are well are counted."""
    lines = [line for result in results for line in _show(result, dry_run=dry_run)]
    well = sum(1 for result in results if result.word is Word.WELL)
    if well:
        more = "more " if lines else ""
        lines.append(f"{well} {more}{'deployment is' if well == 1 else 'deployments are'} well.")
    return "\n".join(lines)


def show_json(results: Sequence[BotResult], *, dry_run: bool) -> str:
    """`modelsync.dev/bot/v1`; with `dry_run` the words say what would have been done."""
    shown = {
        "apiVersion": "modelsync.dev/bot/v1",
        "dryRun": dry_run,
        "outcome": worst(result.outcome for result in results),
        "deployments": [_show_result(result) for result in results],
    }
    return write_json(shown)


def show_closing(reason: str) -> str:
    """Why a pull request is closed, as Markdown."""
    return f"modelsync bot closes this, for there is nothing to propose any more: {show_text(reason)}."


def _show(result: BotResult, *, dry_run: bool) -> Iterator[str]:
    if result.word is Word.WELL:
        return
    word = _WOULD.get(result.word, result.word.value) if dry_run else result.word.value
    address = f" {result.address}" if result.address else ""
    text, *rest = result.text.splitlines() or [""]
    yield clean_line(f"{result.id}: {word}{address}: {text}")
    yield from (f"  {clean_line(line)}" for line in rest)
    for finding in result.findings:
        message = finding.message.splitlines()[0]
        yield clean_line(f"  {finding.location}: {finding.grade.word} {finding.rule}: {message}")


def _show_result(result: BotResult) -> Json:
    return {
        "deployment": result.id,
        "word": result.word.value,
        "text": result.text,
        "address": result.address or None,
        "outcome": result.outcome,
        "findings": [
            {
                "rule": finding.rule,
                "grade": finding.grade.value,
                "message": finding.message,
                "advice": finding.advice,
                "file": finding.location.file,
                "line": finding.location.line,
                "column": finding.location.column,
            }
            for finding in result.findings
        ],
    }
