"""What was found in declarations, as JUnit's XML: a case for each rule and object, so that passes show too.

Written for the schema by which Jenkins reads it; GitLab and others read the same elements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from xml.etree import ElementTree

from reconciler.report.places import PlacedFinding, place_findings
from reconciler.report.rules import REPOSITORY, ShownRule, find_kind, list_rules
from reconciler.report.screen import quiet_commands
from reconciler.report.text import summarise_check
from reconciler.state.findings import Finding, Waived
from reconciler.state.repository import Repository
from reconciler.validate.checks import Check

# What XML 1.0 has no way to say: control characters, surrogates and two code points that are none.
_UNSAID = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def show_check(check: Check, rules: Sequence[ShownRule] | None = None) -> str:
    """A suite for each object with the rules that judge its kind: failed, skipped (not decided) or passed.

    Advice and waived findings pass, and are told in the case's output. `rules` are all that there are, if
    not said otherwise.
    """
    cases = _Cases(check, list_rules() if rules is None else rules)
    root = ElementTree.Element("testsuites", {"name": "modelsync validate"})
    total = failed = 0
    for subject in cases.subjects:
        suite = ElementTree.SubElement(root, "testsuite", {"name": _clean(subject)})
        for rule in cases.list_rules(subject):
            cases.add(suite, subject, rule)
        counts = {
            "tests": len(suite),
            "failures": sum(case.find("failure") is not None for case in suite),
            "errors": 0,
            "skipped": sum(case.find("skipped") is not None for case in suite),
        }
        suite.attrib.update({key: str(value) for key, value in counts.items()})
        total, failed = total + counts["tests"], failed + counts["failures"]
    root.attrib.update({"tests": str(total), "failures": str(failed), "errors": "0"})
    if len(root):
        ElementTree.SubElement(root[-1], "system-out").text = _clean(summarise_check(check))
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'


class _Cases:
    """What is said of each rule on each object."""

    def __init__(self, check: Check, rules: Sequence[ShownRule]) -> None:
        findings, waived = place_findings(check)
        self._findings: dict[tuple[str, str], list[PlacedFinding]] = {}
        for placed in findings:
            self._findings.setdefault((_name(placed), placed.finding.rule), []).append(placed)
        self._waived: dict[tuple[str, str], list[Waived]] = {}
        for placed, item in zip(waived, check.waived, strict=True):
            self._waived.setdefault((_name(placed), placed.finding.rule), []).append(item)
        self._reasons = {item.rule: item.reason for item in check.undecided}
        named = {subject for subject, _ in chain(self._findings, self._waived)}
        self.subjects: Sequence[str] = sorted({*_list_objects(check.repository), *named})
        self._rules = rules
        self._structural = {rule.id for rule in rules if rule.structural}
        self._faulty = dict(_list_faulty(check.repository))

    def list_rules(self, subject: str) -> Sequence[str]:
        """The rules that judge an object of this kind, and whatever else said something of it."""
        kind = REPOSITORY if subject == REPOSITORY else find_kind(subject)
        judging = (rule.id for rule in self._rules if kind in rule.judges)
        said = (rule for about, rule in chain(self._findings, self._waived) if about == subject)
        return list(dict.fromkeys((*judging, *said)))

    def add(self, suite: ElementTree.Element, subject: str, rule: str) -> None:
        """Add the case of a rule on an object."""
        findings = [placed.finding for placed in self._findings.get((subject, rule), ())]
        case = ElementTree.SubElement(suite, "testcase", {"name": rule, "classname": _clean(subject)})
        errors = [finding for finding in findings if finding.is_error]
        if errors:
            failure = {"type": errors[0].grade.value, "message": _clean(errors[0].message)}
            text = "\n\n".join(map(_tell, errors))
            ElementTree.SubElement(case, "failure", failure).text = _clean(text)
        elif reason := self._explain_silence(subject, rule):
            ElementTree.SubElement(case, "skipped").text = _clean(f"not decided: {reason}")
        said = [f"advice: {_tell(finding)}" for finding in findings if not finding.is_error]
        said += map(_tell_waived, self._waived.get((subject, rule), ()))
        if said:
            ElementTree.SubElement(case, "system-out").text = _clean("\n\n".join(said))

    def _explain_silence(self, subject: str, rule: str) -> str:
        """Why a rule that said nothing of an object may not have looked at it; empty where it has."""
        if rule in self._reasons:
            return self._reasons[rule]
        return "" if rule in self._structural else self._faulty.get(subject, "")


def _name(placed: PlacedFinding) -> str:
    return placed.subject or REPOSITORY


def _list_objects(repository: Repository) -> Iterator[str]:
    yield REPOSITORY
    yield from (f"models/{name}" for name in repository.models)
    for name, environment in repository.environments.items():
        yield name
        for deployment in {*environment.deployments, *environment.faulty_deployments}:
            yield f"{name}/{deployment}"


def _list_faulty(repository: Repository) -> Iterator[tuple[str, str]]:
    """The objects that policies cannot judge as a whole, and why: silence about them is no pass."""
    models = {
        name
        for name, model in repository.models.items()
        if model.model is None or model.faulty_records or repository.has_faulty_defaults
    }
    for name in models:
        yield f"models/{name}", f"a file of models/{name}, or models/defaults.yaml, has faults of form"
    for name, environment in repository.environments.items():
        missing = environment.environment is None
        if missing or environment.has_faulty_exceptions:
            yield name, f"environments/{name} has faults of form"
        for deployment in environment.faulty_deployments:
            yield f"{name}/{deployment}", "its file has faults of form"
        for deployment, entry in environment.deployments.items():
            if missing:
                yield f"{name}/{deployment}", f"environments/{name} has faults of form"
            elif entry.declaration.model in models:
                yield f"{name}/{deployment}", f"a file of models/{entry.declaration.model} has faults of form"


def _tell(finding: Finding) -> str:
    return f"{finding.location}\n{finding.message}\n{finding.advice}".strip()


def _tell_waived(item: Waived) -> str:
    waiver = f"waived until {item.waiver.until} by {item.location}: {item.waiver.reason}"
    return f"{waiver}\n{_tell(item.finding)}"


def _clean(text: str) -> str:
    return _UNSAID.sub("\N{REPLACEMENT CHARACTER}", quiet_commands(text))
