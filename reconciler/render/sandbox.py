"""Runs the templates of an environment's owners: the text that they give, or where they fail.

A slip in a template must neither print what YAML could misread nor eat the machine's memory. What Jinja
can say before running is said then, because only then it knows the line.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

import jinja2
from jinja2 import meta, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from reconciler.render.templating import make_environment
from reconciler.state.documents import Location
from reconciler.state.extras import ExtraTemplate

_OUTPUT_LIMIT = 1024 * 1024
"""Characters that one template may give for one deployment."""

_STEP_LIMIT = 100_000
"""Stretches of text and turns of loops that one template may take for one deployment."""

_PARTS_LIMIT = 500
"""Names, values and operators in one expression: what Jinja makes of them grows faster than they do."""

# Nothing that makes a text longer than its parts: `ljust`, `format` and `join` make gigabytes of a line.
_TEXT_METHODS = frozenset(
    {"endswith", "lower", "removeprefix", "removesuffix", "split", "startswith", "strip", "upper"}
)
_PLAIN_FORMAT = re.compile(r"(?:[^%]|%%|%[sd])*\Z")
_QUOTED = re.compile(r"'([^']+)'")

_REFUSED: Mapping[type[nodes.Node], str] = {
    nodes.AssignBlock: "a block cannot be kept in a name; write it where it is needed",
    nodes.Block: "a template cannot be extended, so it needs no block",
    nodes.CallBlock: "macros are not there; write it out, or use a loop",
    nodes.Extends: "a template cannot extend another file",
    nodes.FilterBlock: "a block cannot be filtered",
    nodes.FromImport: "a template cannot import another file",
    nodes.Import: "a template cannot import another file",
    nodes.Include: "a template cannot include another file",
    nodes.Macro: "macros are not there; write it out, or use a loop",
}


class TemplateFailed(Exception):
    """A template cannot be rendered: `location` is in the template, `detail` says why."""

    def __init__(self, location: Location, detail: str) -> None:
        self.location = location
        self.detail = detail
        super().__init__(f"{location}: {detail}")


class _BoundedSandbox(ImmutableSandboxedEnvironment):
    """A sandbox without what makes a long text of a short template."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" or (operator == "*" and not _are_numbers(left, right)):
            raise SecurityError(f"the operator {operator} cannot be used here")
        if operator == "%" and isinstance(left, str) and not _PLAIN_FORMAT.match(left):
            raise SecurityError("a format may hold %s, %d and %% alone")
        return super().call_binop(context, operator, left, right)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if isinstance(obj, (str, bytes)):
            return attr in _TEXT_METHODS
        if isinstance(obj, (int, float)):
            # Bytes of any number are made by asking for them.
            return False
        return super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> None:
        """Jinja would let `format` through in a form of its own; here it is judged like other methods."""

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        """Jinja's hook for making code: each turn of a loop gives an empty text, so turns are counted."""
        for loop in source.find_all(nodes.For):
            empty = nodes.TemplateData("", lineno=loop.lineno)
            loop.body.insert(0, nodes.Output([empty], lineno=loop.lineno))
        return super()._generate(source, name, filename, defer_init)


def run_template(template: ExtraTemplate, values: Mapping[str, Any]) -> str:
    """The text that the template gives for these values. Raises TemplateFailed."""
    parts: list[str] = []
    length = 0
    compiled = _compile(template, frozenset(values))
    try:
        for step, part in enumerate(compiled.generate(values)):
            length += len(part)
            if step >= _STEP_LIMIT:
                raise TemplateFailed(
                    Location(file=template.file), f"its loops take more than {_STEP_LIMIT:,} turns"
                )
            if length > _OUTPUT_LIMIT:
                raise TemplateFailed(
                    Location(file=template.file), f"it gives more than {_OUTPUT_LIMIT:,} characters"
                )
            parts.append(part)
    # What the template's own expressions may raise: a name that a mapping lacks, a sum of text and numbers,
    # a division by zero, a loop over a number.
    except (
        jinja2.TemplateError,
        ArithmeticError,
        LookupError,
        TypeError,
        ValueError,
        RecursionError,
    ) as error:
        raise TemplateFailed(_find_failure(template, error), _say(error)) from error
    return "".join(parts)


@lru_cache(maxsize=64)
def _compile(template: ExtraTemplate, known: frozenset[str]) -> jinja2.Template:
    """The template, read and judged once for all deployments. Raises TemplateFailed."""
    environment = make_environment(jinja2.DictLoader({template.file: template.text}), _BoundedSandbox)
    try:
        for node, detail in _find_faults(environment.parse(template.text), known):
            raise TemplateFailed(place(template, node.lineno, _name(node)), detail)
        return environment.get_template(template.file)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateFailed(place(template, error.lineno), _say(error)) from error
    # What Python itself says of code with too many things inside each other, and of endless numbers.
    except (RecursionError, SyntaxError, MemoryError) as error:
        detail = "there are too many things inside each other; write it in fewer"
        raise TemplateFailed(Location(file=template.file), detail) from error
    except ValueError as error:
        raise TemplateFailed(Location(file=template.file), "it holds a number of too many digits") from error


def place(template: ExtraTemplate, line: int, words: str = "") -> Location:
    """The place of `words` in a line of the template; of the line's first character where it lacks them."""
    lines = template.text.split("\n")
    line = min(max(line, 1), len(lines))
    text = lines[line - 1]
    start = _find(text, words) if words else -1
    if start < 0:
        words = text.strip()
        start = len(text) - len(text.lstrip())
    return Location(
        file=template.file,
        line=line,
        column=start + 1,
        end_line=line,
        end_column=start + 1 + max(len(words), 1),
    )


def _find(text: str, words: str) -> int:
    """Where the words stand, best whole and behind {{ or {%: keys are often called like their values."""
    begins = [index for index in (text.find("{{"), text.find("{%")) if index >= 0]
    for first in (min(begins, default=0), 0):
        found = _match_whole(words).search(text, first)
        if found is not None:
            return found.start()
    return text.find(words)


def _match_whole(words: str) -> re.Pattern[str]:
    """The words, where they are not a part of longer ones: `data:` is not in `metadata:`."""
    before = r"(?<!\w)" if re.match(r"\w", words) else ""
    after = r"(?!\w)" if re.search(r"\w\Z", words) else ""
    return re.compile(f"{before}{re.escape(words)}{after}")


def find_words(template: ExtraTemplate, *choices: str, first: int = 1) -> Location:
    """Where the first of these words that the template holds from line `first` on stands; else that line."""
    lines = template.text.split("\n")
    for words in choices:
        pattern = _match_whole(words)
        for number, line in enumerate(lines[first - 1 :], start=first):
            if pattern.search(line):
                return place(template, number, words)
    return place(template, first)


def _find_faults(tree: nodes.Template, known: frozenset[str]) -> Iterator[tuple[nodes.Node, str]]:
    """What is wrong with a template whatever the values, each with the node that it is about."""
    for kind, detail in _REFUSED.items():
        for node in tree.find_all(kind):
            yield node, detail
    for expression in _find_expressions(tree):
        if sum(1 for _ in islice(expression.find_all(nodes.Node), _PARTS_LIMIT + 1)) > _PARTS_LIMIT:
            yield expression, f"an expression of more than {_PARTS_LIMIT} parts"
    for output in tree.find_all(nodes.Output):
        for node in output.nodes:
            if not isinstance(node, nodes.TemplateData) and not _is_json(node):
                yield node, "a value is printed without | tojson, so YAML could misread it"
    for name in sorted(meta.find_undeclared_variables(tree) - known):
        use = next(node for node in tree.find_all(nodes.Name) if node.name == name)
        yield use, f"{name} is not defined; there are {', '.join(sorted(known))}"
    made = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "store"}
    for assignment in tree.find_all(nodes.Assign):
        uses = (assignment.node, *assignment.node.find_all(nodes.Name))
        for use in (node for node in uses if isinstance(node, nodes.Name)):
            if use.name in made:
                yield use, f"{use.name} was made in the template itself; a name is made of given values only"


def _find_expressions(node: nodes.Node) -> Iterator[nodes.Expr]:
    """The whole expressions of a template, not the parts of them."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.Expr):
            yield child
        else:
            yield from _find_expressions(child)


def _is_json(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Filter) and node.name == "tojson"


def _name(node: nodes.Node) -> str:
    names = [node, *node.find_all(nodes.Name)] if isinstance(node, nodes.Expr) else []
    return next((item.name for item in names if isinstance(item, nodes.Name)), "")


def _find_failure(template: ExtraTemplate, error: Exception) -> Location:
    """Jinja writes the line where a stretch of output begins into the traceback; it knows no columns."""
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == template.file
    ]
    named = [f".{word}" for word in _QUOTED.findall(str(error))[::-1]]
    return find_words(template, *named, first=(lines[-1] or 1) if lines else 1)


def _say(error: Exception) -> str:
    message = error.message if isinstance(error, jinja2.TemplateError) and error.message else str(error)
    return message.splitlines()[0].rstrip(".") if message else type(error).__name__


def _are_numbers(*values: Any) -> bool:
    return all(isinstance(value, (int, float)) for value in values)
