"""Templates that can only print what went through `tojson`, and whose output is read back as data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import jinja2
import yaml
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from reconciler.render.quoting import quote
from reconciler.state.objects import Body

# Older PyYAML builds come without libyaml; the result is the same, only slower.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class UnfilteredValue(Exception):
    """A template prints a value that did not go through `tojson`: a defect of the template."""


class Templates:
    """The templates of one target, compiled once."""

    def __init__(self, loader: jinja2.BaseLoader) -> None:
        self._environment = make_environment(loader)

    def render(self, name: str, values: Mapping[str, Any]) -> Body:
        """The mapping that a template gives for these values.

        Raises UnfilteredValue, and Jinja's own errors for undefined names and unsafe access: all of them
        defects of the template.
        """
        text = self._environment.get_template(name).render(values)
        body: Body = yaml.load(text, Loader=_Loader)  # noqa: S506 (a safe loader by either name)
        return body


def make_environment(
    loader: jinja2.BaseLoader, kind: type[ImmutableSandboxedEnvironment] = ImmutableSandboxedEnvironment
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
