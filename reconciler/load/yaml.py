"""One YAML file, read strictly: a plain value, and everything that is wrong with the file.

PyYAML's C parser gives the events; what they mean is decided here, so that nothing is guessed. Plain
scalars are judged by `scalars.py`. Keys are always text, as written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from reconciler.load.limits import ALIASED_VALUES, ALIASES, FINDINGS, NESTING_DEPTH, PIECES
from reconciler.load.positions import LazyPositions
from reconciler.load.scalars import EMPTY, Suspect, resolve_plain
from reconciler.load.syntax import describe_syntax
from reconciler.load.text import check_text, span
from reconciler.state.documents import Document, Location, Value
from reconciler.state.findings import Finding, Grade

_STANDARD_TAG = "tag:yaml.org,2002:"

_UNPARSABLE = frozenset({"document-size", "utf-8", "control-characters"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a file gave. `document` is None where nothing of it can be trusted.

    With findings, the document may lack what they are about: it serves to look for further faults, and
    nothing else.
    """

    document: Document | None
    findings: tuple[Finding, ...]


def read(file: str, data: bytes) -> Reading:
    """Read one file. Never raises: whatever the bytes are, the findings say what is wrong with them."""
    before = check_text(file, data)
    if any(finding.rule in _UNPARSABLE for finding in before):
        return Reading(document=None, findings=before)
    walk = _Walk(file, data)
    try:
        walk.run()
    except _Stop:
        return Reading(document=None, findings=(*before, *walk.findings))
    except yaml.MarkedYAMLError as error:
        # A tab where none may be is the likely cause, and is said already.
        syntax = () if before else (describe_syntax(file, data, error),)
        return Reading(document=None, findings=(*before, *walk.findings, *syntax))
    document = Document(file=file, value=walk.value, positions=LazyPositions(file=file, data=data))
    return Reading(document=document, findings=(*before, *walk.findings))


def share(document: Document, file: str, data: bytes) -> Document:
    """The document of another file with the same bytes. Positions are told with its own name."""
    return Document(file=file, value=document.value, positions=LazyPositions(file=file, data=data))


class _Stop(Exception):
    """Reading on would not say anything more that is true."""


_DROPPED = object()
"""In place of a key whose value is read but not kept."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A value, how many values it holds with itself, and how deeply it is nested (0 for a scalar)."""

    value: Value
    size: int = 1
    height: int = 0


@dataclass(slots=True)
class _Frame:
    """A collection that is being read: a sequence if `mapping` is None."""

    anchor: str | None
    mapping: dict[str, Value] | None
    items: list[Value] = field(default_factory=list)
    key: object = None
    key_marks: dict[str, Any] = field(default_factory=dict)
    size: int = 1
    height: int = 1

    @property
    def expects_key(self) -> bool:
        return self.mapping is not None and self.key is None

    def add(self, part: _Part) -> None:
        """Take a complete value; where a key is expected it is one that was refused."""
        self.size += part.size
        self.height = max(self.height, part.height + 1)
        if self.mapping is None:
            self.items.append(part.value)
        elif self.key is None:
            self.key = _DROPPED
        else:
            if isinstance(self.key, str):
                self.mapping[self.key] = part.value
            self.key = None

    def complete(self) -> _Part:
        """The collection as a value."""
        value: Value = tuple(self.items) if self.mapping is None else self.mapping
        return _Part(value, self.size, self.height)


class _Walk:
    """Turns one file's events into a value."""

    def __init__(self, file: str, data: bytes) -> None:
        self.value: Value = None
        self.findings: list[Finding] = []
        self._file = file
        self._data = data
        self._frames: list[_Frame] = []
        self._anchors: dict[str, _Part] = {}
        self._aliases = 0
        self._aliased_values = 0
        self._has_document = False

    def run(self) -> None:
        """Read all events. Raises _Stop after a finding that ends the reading, and PyYAML's errors."""
        parser = yaml.CSafeLoader(self._data)
        try:
            for count, event in enumerate(iter(parser.get_event, None)):
                if count > PIECES:
                    self._refuse_amount(event)
                self._take(event)
        finally:
            parser.dispose()
        if not self._has_document:
            self._refuse_empty()

    def _take(self, event: Any) -> None:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._take_scalar(event)
        elif kind is yaml.MappingStartEvent:
            self._open(event, _Frame(event.anchor, {}))
        elif kind is yaml.SequenceStartEvent:
            self._open(event, _Frame(event.anchor, None))
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            frame = self._frames.pop()
            self._keep(frame.anchor, frame.complete())
        elif kind is yaml.AliasEvent:
            self._take_alias(event)
        elif kind is yaml.DocumentStartEvent:
            self._start_document(event)

    def _take_scalar(self, event: Any) -> None:
        self._check_tag(event)
        plain = event.style == ""
        frame = self._frames[-1] if self._frames else None
        if frame is not None and frame.expects_key:
            frame.key = self._take_key(frame, event, plain)
            if event.anchor is not None:
                self._anchors[event.anchor] = _Part(event.value)
            return
        value = self._resolve(event, frame) if plain and event.tag is None else event.value
        self._keep(event.anchor, _Part(value))

    def _resolve(self, event: Any, frame: _Frame | None) -> Value:
        resolved = resolve_plain(event.value)
        if not isinstance(resolved, Suspect):
            return resolved
        if resolved is EMPTY and frame is None:
            self._refuse_empty()
        self._refuse("plain-scalars", event, resolved.problem, resolved.advice)
        text: str = event.value
        return text

    def _take_key(self, frame: _Frame, event: Any, plain: bool) -> object:
        key: str = event.value
        if plain and key == "<<":
            self._refuse(
                "merge-keys",
                event,
                "the merge key << hides what a declaration says.",
                "Write the keys out; what deployments share belongs into model.yaml or environment.yaml.",
            )
            return _DROPPED
        if plain and key == "":
            self._refuse("text-keys", event, "there is no key before the colon.", "Write one.")
            return _DROPPED
        first = frame.key_marks.setdefault(key, event.start_mark)
        if first is not event.start_mark:
            lines = f"in line {first.line + 1} and here, in line {event.start_mark.line + 1}"
            self._refuse(
                "duplicate-keys",
                event,
                f'the key "{key}" is given twice: {lines}.',
                "Keep one of them.",
            )
            return _DROPPED
        return key

    def _open(self, event: Any, frame: _Frame) -> None:
        self._check_tag(event)
        self._check_depth(event, 1)
        if self._frames and self._frames[-1].expects_key:
            self._refuse_key(event)
        self._frames.append(frame)

    def _take_alias(self, event: Any) -> None:
        name = event.anchor
        part = self._anchors.get(name)
        if part is None:
            self._refuse(
                "yaml-syntax",
                event,
                f"*{name} repeats the value marked &{name}, but no such value is complete before it.",
                f'Write the value out; where text is meant, write "*{name}" in quotes.',
            )
            raise _Stop
        self._aliases += 1
        self._aliased_values += part.size
        self._check_aliases(event)
        self._check_depth(event, part.height)
        if self._frames[-1].expects_key:
            self._refuse_key(event)
        self._frames[-1].add(part)

    def _check_aliases(self, event: Any) -> None:
        problem = ""
        if self._aliases > ALIASES:
            problem = f"this is alias number {self._aliases}; a file may use {ALIASES}."
        elif self._aliased_values > ALIASED_VALUES:
            problem = f"the aliases up to here stand for more than {ALIASED_VALUES:,} values."
        if problem:
            self._refuse("alias-limit", event, problem, "Write the values out.")
            raise _Stop

    def _keep(self, anchor: str | None, part: _Part) -> None:
        if anchor is not None:
            self._anchors[anchor] = part
        if self._frames:
            self._frames[-1].add(part)
        else:
            self.value = part.value

    def _start_document(self, event: Any) -> None:
        if self._has_document:
            self._refuse(
                "one-document",
                event,
                "a second document begins here; a file holds one declaration.",
                "Put it into a file of its own, or remove this line.",
            )
            raise _Stop
        self._has_document = True

    def _check_tag(self, event: Any) -> None:
        if event.tag is not None:
            self._refuse(
                "custom-tags",
                event,
                f"the tag {_show_tag(event.tag)} asks for a type, which values show by how they are written.",
                "Remove it; put text that looks like a number in quotes.",
            )

    def _check_depth(self, event: Any, height: int) -> None:
        if len(self._frames) + height > NESTING_DEPTH:
            self._refuse(
                "nesting-depth",
                event,
                f"blocks are nested more than {NESTING_DEPTH} deep; no declaration needs that.",
                "Check brackets and indentation.",
            )
            raise _Stop

    def _refuse_amount(self, event: Any) -> None:
        self._refuse(
            "document-size",
            event,
            f"the file holds more than {PIECES:,} keys and values; a declaration has some dozens.",
            "Check whether something else was saved under this name.",
        )
        raise _Stop

    def _refuse_key(self, event: Any) -> None:
        self._refuse(
            "text-keys",
            event,
            "a key must be plain text, not a block, a list or an alias.",
            "Write the key as one word.",
        )

    def _refuse_empty(self) -> NoReturn:
        self.findings.append(
            Finding(
                rule="one-document",
                grade=Grade.HARD,
                location=Location(file=self._file),
                message="the file is empty; expected a declaration.",
                advice="Write it, or remove the file.",
            )
        )
        raise _Stop

    def _refuse(self, rule: str, event: Any, message: str, advice: str) -> None:
        location = span(self._file, self._data, event.start_mark, event.end_mark)
        self.findings.append(
            Finding(rule=rule, grade=Grade.HARD, location=location, message=message, advice=advice)
        )
        if len(self.findings) >= FINDINGS:
            raise _Stop


def _show_tag(tag: str) -> str:
    return f"!!{tag[len(_STANDARD_TAG) :]}" if tag.startswith(_STANDARD_TAG) else tag
