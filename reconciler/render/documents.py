"""The YAML that a template gives, read strictly: as JSON, or with the reason why it is not.

What is written differently by YAML 1.1 and 1.2, or twice, is refused rather than guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_DEPTH = 40
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})\Z")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+\Z")
_CONSTANTS: Mapping[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}


class Unreadable(Exception):
    """The text cannot be read as plain values; `line` is the text's, from 1, and `detail` says why."""

    def __init__(self, line: int, detail: str) -> None:
        self.line = line
        self.detail = detail
        super().__init__(f"line {line}: {detail}")


def read_documents(text: str) -> tuple[Any, ...]:
    """The documents of the text as plain values, empty ones left out. Raises Unreadable."""
    try:
        _check_events(text)
        nodes = tuple(yaml.compose_all(text, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # The parser may only miss something behind the last line.
        line = min(mark.line, text.count("\n")) + 1 if mark else 1
        raise Unreadable(line, f"this is no YAML: {error.problem}") from error
    values = tuple(_read(node) for node in nodes)
    return tuple(value for value in values if value is not None)


def _check_events(text: str) -> None:
    """Refuse what would make the values larger, or deeper, than the text looks."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        line = _line(event)
        if isinstance(event, yaml.AliasEvent):
            raise Unreadable(line, f"the alias *{event.anchor} is not followed; write the value out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEPTH:
            raise Unreadable(line, f"blocks are nested more than {_DEPTH} deep")


def _read(node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [_read(item) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = _read_key(key)
            if name in found:
                raise Unreadable(_line(key), f'the key "{name}" is given twice')
            found[name] = _read(value)
        return found
    return _read_scalar(node)


def _read_key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode) or not isinstance(_read_scalar(node), str):
        raise Unreadable(_line(node), "a key is no text; put it in quotes")
    return str(node.value)


def _read_scalar(node: yaml.Node) -> Any:
    text, kind = str(node.value), node.tag.removeprefix(_TAG)
    if kind == "str":
        return text
    if kind in ("bool", "null") and text in _CONSTANTS:
        return _CONSTANTS[text]
    if kind == "int" and _INTEGER.match(text):
        return int(text)
    if kind == "float" and _NUMBER.match(text):
        return float(text)
    raise Unreadable(_line(node), f"{text} is not read alike everywhere ({kind}); put it in quotes")


def _line(part: yaml.Node | yaml.Event) -> int:
    return part.start_mark.line + 1 if part.start_mark is not None else 1
