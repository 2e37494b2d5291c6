"""Templates cannot print what YAML could misread, nor reach outside their values."""

from __future__ import annotations

from typing import Any

import jinja2
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
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


@pytest.mark.parametrize(
    "template", ["a: b{{ a | tojson }}", 'a: "b{{ a | tojson }}"', "a: '{{ a | tojson }}'"]
)
def test_a_value_within_a_text_is_refused(template: str) -> None:
    with pytest.raises((UnfilteredValue, yaml.YAMLError)):
        render(template, a="c")


def test_texts_of_one_shape_do_not_share_their_values() -> None:
    template = "a: [{{ a | tojson }}, {b: {{ b | tojson }}}]"
    first = render(template, a=1, b={"c": [1]})
    second = render(template, a="1", b={"c": [2]})
    assert first == {"a": [1, {"b": {"c": [1]}}]}
    assert second == {"a": ["1", {"b": {"c": [2]}}]}


def test_what_is_made_of_a_shape_can_be_changed_without_changing_the_next() -> None:
    first = render("a: {b: {{ b | tojson }}}", b=1)
    first["a"]["b"] = 2
    assert render("a: {b: {{ b | tojson }}}", b=1) == {"a": {"b": 1}}


def test_keys_are_values_too() -> None:
    assert render("{{ key | tojson }}: {{ value | tojson }}", key="a: b", value=None) == {"a: b": None}


def test_values_are_what_json_makes_of_them() -> None:
    assert render("a: {{ a | tojson }}", a={"b": (1, 2), "a": 1e-05}) == {"a": {"a": 1e-05, "b": [1, 2]}}
    assert list(render("a: {{ a | tojson }}", a={"b": 1, "a": 2})["a"]) == ["a", "b"]


def test_values_of_included_templates_are_counted_on() -> None:
    templates = Templates(
        jinja2.DictLoader(
            {
                "t": "{% for x in xs %}{{ x | tojson }}:{% include 'u' %}{% endfor %}",
                "u": " {{ y | tojson }}\n",
            }
        )
    )
    assert templates.render("t", {"xs": ("a", "b"), "y": 3}) == {"a": 3, "b": 3}


@given(st.text(), st.floats(allow_nan=False, allow_infinity=False))
def test_any_value_comes_back(text: str, number: float) -> None:
    assert render("a: {{ a | tojson }}\nb: {{ b | tojson }}", a=text, b=number) == {"a": text, "b": number}
