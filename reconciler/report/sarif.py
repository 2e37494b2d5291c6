"""What was found in declarations, as SARIF 2.1.0 for code scanning (OASIS, with errata 01)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from reconciler import __version__
from reconciler.report.json_record import Json
from reconciler.report.json_text import write_json
from reconciler.report.places import PlacedFinding, place_findings
from reconciler.report.rules import ShownRule, list_rules, show_markdown
from reconciler.report.text import summarise_check
from reconciler.state.documents import Location
from reconciler.state.findings import Finding, Grade, Waived
from reconciler.validate.checks import Check

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_LEVELS: Mapping[Grade, str] = {Grade.HARD: "error", Grade.SOFT: "error", Grade.ADVISORY: "warning"}


def show_check(check: Check, rules: Sequence[ShownRule] | None = None) -> str:
    """One run: every rule with its help, a result for each finding, waived ones suppressed.

    `rules` are all that there are, if not said otherwise.
    """
    rules = list_rules() if rules is None else rules
    indices = {rule.id: index for index, rule in enumerate(rules)}
    findings, waived = place_findings(check)
    run = {
        "tool": {
            "driver": {
                "name": "modelsync",
                "version": __version__,
                "rules": [_show_rule(rule) for rule in rules],
            }
        },
        "automationDetails": {"id": "modelsync/validate/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the repository."}}},
        "invocations": [
            {
                "executionSuccessful": not any(item.blocking for item in check.undecided),
                "toolExecutionNotifications": list(_list_notifications(check, indices)),
            }
        ],
        "results": [
            *(_show_result(placed, indices, []) for placed in findings),
            *(
                _show_result(placed, indices, [_show_suppression(item)])
                for placed, item in zip(waived, check.waived, strict=True)
            ),
        ],
    }
    return write_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _show_rule(rule: ShownRule) -> Json:
    return {
        "id": rule.id,
        "shortDescription": {"text": f"{rule.title}."},
        "fullDescription": {"text": rule.sections.get("What it checks", f"{rule.title}.")},
        "help": {"text": rule.documentation, "markdown": show_markdown(rule)},
        "defaultConfiguration": {"level": _LEVELS[rule.grade]},
        "properties": {"grade": rule.grade.value, "tags": ["modelsync", rule.grade.value]},
    }


def _show_result(placed: PlacedFinding, indices: Mapping[str, int], suppressions: list[Json]) -> Json:
    finding = placed.finding
    place: dict[str, object] = {"physicalLocation": _show_place(finding.location)}
    if placed.subject:
        place["logicalLocations"] = [
            {"fullyQualifiedName": f"{placed.subject}:{placed.path}", "kind": "declaration"}
            if placed.path
            else {"fullyQualifiedName": placed.subject, "kind": "declaration"}
        ]
    return {
        **_name_rule(finding.rule, indices),
        "level": _LEVELS[finding.grade],
        "message": {"text": _tell(finding)},
        "locations": [place],
        # The second is the only one that GitHub's code scanning looks at; it makes its own from the text of
        # the line where there is none.
        "partialFingerprints": {
            "modelsync/v1": placed.fingerprint,
            "primaryLocationLineHash": f"{placed.fingerprint}:1",
        },
        # An empty list says that nothing is suppressed, an absent one that nobody looked.
        "suppressions": suppressions,
        "properties": {"grade": finding.grade.value, "subject": placed.subject, "path": placed.path},
    }


def _name_rule(rule: str, indices: Mapping[str, int]) -> Json:
    return {"ruleId": rule, "ruleIndex": indices[rule]} if rule in indices else {"ruleId": rule}


def _tell(finding: Finding) -> str:
    return _escape(f"{finding.message}\n{finding.advice}".strip())


def _escape(text: str) -> str:
    """A message's text in which nothing is a link (SARIF 2.1.0, 3.11.6); where none could be, it stays."""
    if "](" not in text:
        return text
    return re.sub(r"[\\\[\]]", lambda found: f"\\{found[0]}", text)


def _show_suppression(item: Waived) -> Json:
    return {
        "kind": "external",
        "status": "accepted",
        "justification": f"{item.waiver.reason} (until {item.waiver.until})",
        "location": {"physicalLocation": _show_place(item.location)},
    }


def _show_place(place: Location) -> Json:
    return {
        "artifactLocation": {
            # A file's name need not be text: what is not, stands for its bytes.
            "uri": quote(place.file, safe="/", errors="surrogateescape"),
            "uriBaseId": "%SRCROOT%",
        },
        "region": {
            "startLine": place.line,
            "startColumn": place.column,
            "endLine": place.end_line,
            "endColumn": place.end_column,
        },
    }


def _list_notifications(check: Check, indices: Mapping[str, int]) -> Iterator[Json]:
    """What was not decided, whose approval is needed, and the closing line."""
    for item in check.undecided:
        yield {
            "level": "error" if item.blocking else "warning",
            "message": {"text": _escape(f"{item.rule} is not decided: {item.reason}")},
            **_associate(item.rule, indices),
        }
    for approval in check.approvals:
        owners = ", ".join(approval.owners)
        yield {
            "level": "note",
            "message": {
                "text": _escape(f"{approval.reason} It needs the approval of {owners or 'an owner'}.")
            },
            "locations": [{"physicalLocation": _show_place(approval.location)}],
            **_associate(approval.rule, indices),
        }
    yield {"level": "note", "message": {"text": _escape(summarise_check(check))}}


def _associate(rule: str, indices: Mapping[str, int]) -> Json:
    reference = {"id": rule, "index": indices[rule]} if rule in indices else {"id": rule}
    return {"associatedRule": reference}
