"""Templates of an environment's owners: what they may say, and where it says they fail."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.render.sandbox import TemplateFailed, find_words, place, run_template
from reconciler.state.extras import ExtraTemplate

VALUES = {
    "deployment": "wines",
    "model": "wines",
    "variants": [{"predictor": "v3", "traffic": 90}, {"predictor": "v5", "traffic": 10}],
    "labels": {"a/b": "c"},
}


def template(text: str) -> ExtraTemplate:
    return ExtraTemplate(name="notes", file="notes.yaml.j2", text=text)


def fail(text: str) -> tuple[str, str]:
    """Line and column, and the reason."""
    with pytest.raises(TemplateFailed) as failed:
        run_template(template(text), VALUES)
    place = failed.value.location
    return f"{place.line}:{place.column}", failed.value.detail


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("a: {{ deployment | tojson }}", 'a: "wines"'),
        ('a: {{ (deployment ~ "-x") | tojson }}', 'a: "wines-x"'),
        ('a: {{ ("%s: %d %%" % (model, 90)) | tojson }}', 'a: "wines: 90 %"'),
        ("a: {{ (variants[0].traffic * 2) | tojson }}", "a: 180"),
        ("a: {{ labels | tojson }}", 'a: {"a/b": "c"}'),
        ("{% for v in variants %}\n- {{ v.predictor | tojson }}\n{% endfor %}\n", '- "v3"\n- "v5"\n'),
        ('{% set name = deployment ~ "-x" %}\na: {{ name | tojson }}', 'a: "wines-x"'),
        ('{% if deployment.startswith("wi") %}\na: 1\n{% endif %}\n', "a: 1\n"),
        ("a: {{ deployment.upper() | tojson }}", 'a: "WINES"'),
        ("{# words #}\na: 1", "a: 1"),
    ],
)
def test_what_templates_may_say(text: str, given: str) -> None:
    assert run_template(template(text), VALUES) == given


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("a: 1\nb: {% if x", "2:1", "unexpected end of template"),
        ("a: 1\nb: {{ 1 | tojson }}\n{% for %}", "3:1", "Expected an expression"),
        ("a: 1\nteam: {{ team | tojson }}", "2:10", "team is not defined; there are deployment, labels"),
        ("a: 1\nmodel: {{ model }}", "2:11", "without | tojson"),
        ("a: {{ 5 }}", "1:1", "without | tojson"),
        ("a: 1\nb: {{ variants[0].share | tojson }}", "2:18", "no attribute 'share'"),
        ("a: {{ labels.team | tojson }}", "1:13", "no attribute 'team'"),
        ("{% include 'other' %}", "1:1", "cannot include"),
        ("{% import 'other' as x %}", "1:1", "cannot import"),
        ("{% from 'other' import x %}", "1:1", "cannot import"),
        ("{% extends 'other' %}", "1:1", "cannot extend"),
        ("{% block x %}{% endblock %}", "1:1", "no block"),
        ("{% macro x() %}{% endmacro %}", "1:1", "macros are not there"),
        ("{% set x %}a{% endset %}", "1:1", "cannot be kept"),
        ("{% filter tojson %}a{% endfilter %}", "1:1", "cannot be filtered"),
        ("{% for v in 3 %}{% endfor %}", "1:1", "not iterable"),
        ("a: {{ (1 / 0) | tojson }}", "1:1", "division by zero"),
        ("a: {{ (1 + model) | tojson }}", "1:1", "unsupported operand"),
        ("a: {{ range(9) | tojson }}", "1:7", "range is not defined"),
        ("a: {{ (model | upper) | tojson }}", "1:1", "No filter named 'upper'"),
        ("a: {{ [1].append(2) | tojson }}", "1:10", "unsafe"),
    ],
)
def test_a_failure_is_told_where_it_is(text: str, position: str, words: str) -> None:
    at, detail = fail(text)
    assert words in detail
    assert at == position


@pytest.mark.parametrize(
    "expression",
    [
        "'a' * 1000000000",
        "[1] * 1000000000",
        "9 ** 9 ** 9",
        "'%999999999d' % 1",
        "'{0:999999999}'.format(1)",
        "'{a:999999999}'.format_map({'a': 1})",
        "'a'.ljust(999999999)",
        "'a'.join([model, model])",
        "model.replace('w', model)",
        "(1).to_bytes(999999999, 'big')",
        "model.__class__",
        "model['__class__']",
    ],
)
def test_a_short_template_cannot_fill_the_memory_or_leave_its_values(expression: str) -> None:
    fail(f"a: {{{{ ({expression}) | tojson }}}}")


def test_a_name_that_grows_by_itself_is_refused() -> None:
    doubled = "{% set a = model %}\n" + "{% set a = a ~ a %}\n" * 60
    assert fail(doubled) == ("2:8", "a was made in the template itself; a name is made of given values only")


def test_what_is_too_much_is_not_collected() -> None:
    loops = "{% for a in variants %}" * 12 + "words\n" * 100 + "{% endfor %}" * 12
    assert "more than 1,048,576 characters" in fail(loops)[1]


def test_words_are_best_found_where_jinja_reads_them() -> None:
    notes = template("name: x\nname: {{ rename ~ name }} name\n")
    assert (place(notes, 2, "name").column, place(notes, 2, "name").end_column) == (19, 23)
    assert place(notes, 1, "name").column == 1
    assert place(notes, 99).line == 3
    assert place(notes, 1, "other").end_column == 8
    assert place(template("  rename"), 1, "name").column == 5


def test_the_first_of_several_words_that_is_there_counts() -> None:
    notes = template("a\nb\nc\nb")
    assert find_words(notes, "x", "b").line == 2
    assert find_words(notes, "b", first=3).line == 4
    assert find_words(notes, "x", first=3).line == 3
    assert find_words(template("metadata:\ndata: a"), "data:").line == 2


def test_nothing_is_kept_between_two_runs() -> None:
    notes = template("a: {{ deployment | tojson }}")
    other: dict[str, Any] = {**VALUES, "deployment": "prices"}
    assert run_template(notes, VALUES) == 'a: "wines"'
    assert run_template(notes, other) == 'a: "prices"'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"a: {{{{ {'9' * 5_000} | tojson }}}}", "a number of too many digits"),
        (f"a: {{{{ {'(' * 3_000}1{')' * 3_000} | tojson }}}}", "too many things inside each other"),
        ("{% for a in variants %}" * 30 + "{% endfor %}" * 30, "too many things inside each other"),
        (f"a: {{{{ ({'~'.join(['model'] * 600)}) | tojson }}}}", "an expression of more than 500 parts"),
        ("{% for a in 'abcdefghijklmnop' %}" * 12 + "{% endfor %}" * 12, "more than 100,000 turns"),
    ],
)
def test_a_template_that_is_too_much_for_anybody_is_refused(text: str, said: str) -> None:
    assert said in fail(text)[1]
