"""Templates that can only print what went through `tojson`, and whose output is read back as data.

Reading YAML is most of what rendering costs, and thousands of deployments differ in their values alone. So a
template prints numbered places where values go; the text with places is read once, and filled for each.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

import jinja2
import yaml
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from reconciler.render.quoting import quote
from reconciler.state.objects import Body

# Older PyYAML builds come without libyaml; the result is the same, only slower.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# The name under which a template's values are collected; no template can spell it.
_VALUES = "values of this text"
# Begins the text that stands for a value, as it is written between double quotes and as it is read there.
_ESCAPE, _PLACE = "\\x01", "\x01"
_SHAPES = 128  # texts with places that are kept read
_MARKS = 512  # places that are kept written
_PLAIN = frozenset({str, int, bool, float, type(None)})
_DATA = frozenset({str, int, bool, float, dict, tuple})


class UnfilteredValue(Exception):
    """A template prints a value that did not go through `tojson`, or as a part of a text: its defect."""


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's, which judges an attribute by its name and its object's type: each pair once."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._judged: dict[tuple[type, str], bool] = {}

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        pair = (type(obj), attr)
        if pair not in self._judged:
            self._judged[pair] = super().is_safe_attribute(obj, attr, value)
        return self._judged[pair]

    def getattr(self, obj: Any, attribute: str) -> Any:
        """As Jinja has it, but for what it does with methods, and with what is not safe or not there."""
        if self._judged.get((type(obj), attribute)):
            value = getattr(obj, attribute, None)
            if type(value) in _DATA:
                return value
        return super().getattr(obj, attribute)


class Templates:
    """The templates of one target, compiled once."""

    def __init__(self, loader: jinja2.BaseLoader) -> None:
        self._environment = make_environment(loader)
        self._environment.filters = {"tojson": _take}

    def render(self, name: str, values: Mapping[str, Any]) -> Body:
        """The mapping that a template gives for these values.

        Raises UnfilteredValue, and Jinja's own errors for undefined names and unsafe access: all of them
        defects of the template.
        """
        taken: list[Any] = []
        text = self._environment.get_template(name).render({**values, _VALUES: taken})
        body: Body = _fill(_read(text), taken)
        return body


@jinja2.pass_context
def _take(context: jinja2.runtime.Context, value: Any) -> Markup:
    """Keeps the value, as JSON would give it back, and prints its place."""
    taken: list[Any] = context[_VALUES]
    taken.append(value if type(value) in _PLAIN else json.loads(_dump(value)))
    return _mark(len(taken) - 1)


@lru_cache(maxsize=_MARKS)
def _mark(number: int) -> Markup:
    return Markup(f'"{_ESCAPE}{number}"')  # noqa: S704  (a number between quotes)


class _Place(int):
    """Where the value of this number goes."""


@lru_cache(maxsize=_SHAPES)
def _read(text: str) -> Any:
    return _find_places(yaml.load(text, Loader=_Loader))  # noqa: S506  (a safe loader by either name)


def _find_places(shape: Any) -> Any:
    """A copy of the shape with a _Place for each text that stands for a value."""
    if isinstance(shape, dict):
        return {_find_places(key): _find_places(inner) for key, inner in shape.items()}
    if isinstance(shape, list):
        return [_find_places(inner) for inner in shape]
    if not isinstance(shape, str) or not (_PLACE in shape or _ESCAPE in shape):
        return shape
    place = shape.removeprefix(_PLACE)
    if not place.isdecimal():
        raise UnfilteredValue(f"a template prints a value within the text {shape!r}; a value stands alone")
    return _Place(place)


def _fill(shape: Any, values: Sequence[Any]) -> Any:
    """A copy of the shape with values in their places, of keys too."""
    kind = type(shape)
    if kind is dict:
        return {
            values[key] if type(key) is _Place else key: _fill(inner, values) for key, inner in shape.items()
        }
    if kind is list:
        return [_fill(inner, values) for inner in shape]
    return values[shape] if kind is _Place else shape


def make_environment(
    loader: jinja2.BaseLoader, kind: type[ImmutableSandboxedEnvironment] = _Sandbox
) -> ImmutableSandboxedEnvironment:
    """A sandbox in which undefined names are errors, nothing is global, and only JSON can be printed."""
    environment = kind(
        loader=loader,
        undefined=jinja2.StrictUndefined,
        finalize=_refuse_unfiltered,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
        auto_reload=False,
    )
    # With `tojson` as the only filter nothing else can mark a value as ready to be printed.
    environment.filters = {"tojson": environment.filters["tojson"]}
    environment.globals = {}
    environment.policies["json.dumps_function"] = _dump
    return environment


@cache
def load_templates(target: str) -> Templates:
    """The package's templates for a platform target, such as `seldon-v1`."""
    return Templates(jinja2.PackageLoader("reconciler.render", f"templates/{target}"))


def _refuse_unfiltered(value: Any) -> Any:
    if not isinstance(value, Markup):
        raise UnfilteredValue(
            f"a template prints {value!r} without | tojson; YAML would be free to misread it"
        )
    return value


def _dump(value: Any, **_options: Any) -> str:
    return quote(value, default=_refuse)


def _refuse(value: Any) -> Any:
    if isinstance(value, jinja2.Undefined):
        str(value)  # raises the error that names what is undefined
    raise TypeError(f"{value!r} has no place in a manifest")
