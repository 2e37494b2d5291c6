"""The schemas of formats that others publish (tests/support/formats), ready to judge what is printed."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree.ElementTree import Element

import xmlschema
from jsonschema_rs import Draft4Validator

ROOT = Path(__file__).resolve().parents[3]

_FORMATS = ROOT / "tests/support/formats"
_SARIF = Draft4Validator(
    json.loads((_FORMATS / "sarif-2.1.0.schema.json").read_text("utf-8")), validate_formats=True
)
_JUNIT = xmlschema.XMLSchema10(str(_FORMATS / "jenkins-junit-4.xsd"))


def find_sarif_faults(shown: str) -> list[str]:
    """What the official schema has against a SARIF log."""
    return [f"{error.instance_path}: {error.message}" for error in _SARIF.iter_errors(json.loads(shown))]


def find_junit_faults(shown: str) -> list[str]:
    """What the schema of Jenkins has against a JUnit report."""
    return [f"{error.path}: {error.reason}" for error in _JUNIT.iter_errors(shown)]


def read_junit(shown: str) -> Element:
    """The root of a JUnit report."""
    root: Element = xmlschema.XMLResource(shown).root
    return root
