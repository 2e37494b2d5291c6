"""Templates cannot print what YAML could misread, nor reach outside their values."""

from __future__ import annotations

from typing import Any

import jinja2
import pytest
from jinja2.exceptions import SecurityError

from reconciler.render.templating import Templates, UnfilteredValue


def render(template: str, **values: Any) -> Any:
    return Templates(jinja2.DictLoader({"t": template})).render("t", values)


def test_a_value_comes_back_as_it_went_in() -> None:
    assert render("a: {{ a | tojson }}", a="yes: [1, # no") == {"a": "yes: [1, # no"}


@pytest.mark.parametrize("value", ["0", 1, True, {"a": 1}, ""])
def test_a_value_without_tojson_is_refused(value: Any) -> None:
    with pytest.raises(UnfilteredValue, match=r"without \| tojson"):
        render("a: {{ a }}", a=value)


def test_no_other_filter_can_vouch_for_a_value() -> None:
    with pytest.raises(jinja2.TemplateAssertionError, match="safe"):
        render("a: {{ a | safe }}", a="b")


def test_an_undefined_name_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError, match="b"):
        render("a: {{ b | tojson }}", a="b")


@pytest.mark.covers("T24")
def test_templates_are_sandboxed() -> None:
    with pytest.raises(SecurityError):
        render("a: {{ a.__class__.__mro__ | tojson }}", a="b")


@pytest.mark.parametrize(
    "text", ["\x7f", "\x85", "\u2028x\u2029", "\ufeff", "\ufffe", "\U0001f377", "<&'>", "\n\t "]
)
def test_characters_that_yaml_would_change_survive(text: str) -> None:
    assert render("a: {{ a | tojson }}", a=text) == {"a": text}


def test_only_plain_values_can_be_printed() -> None:
    with pytest.raises(TypeError, match="no place in a manifest"):
        render("a: {{ a | tojson }}", a={1, 2})
