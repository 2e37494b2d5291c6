"""Whatever a file holds: no exception, and every finding has a place in a file that can be printed."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reconciler.load.documents import load
from reconciler.load.layout import FileKind
from reconciler.state.findings import Finding
from reconciler.validate.checks import check
from reconciler.validate.schema import example_text

PATHS = {
    FileKind.DEFAULTS: "models/defaults.yaml",
    FileKind.MODEL: "models/wines/model.yaml",
    FileKind.RECORD: "models/wines/versions/5.yaml",
    FileKind.ENVIRONMENT: "environments/production/environment.yaml",
    FileKind.DEPLOYMENT: "environments/production/deployments/wines.yaml",
    FileKind.EXCEPTIONS: "environments/production/exceptions.yaml",
}
SOUND = {path: example_text(kind) for kind, path in PATHS.items()}

_STRUCTURE = [
    b": ",
    b"- ",
    b"\n",
    b"\n  ",
    b"\t",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b"'",
    b'"',
    b"#",
    b"|\n",
    b">-\n",
]
_TOKENS = [b"&a ", b"*a", b"<<: ", b"? ", b"!!str ", b"!x ", b"---\n", b"...\n", b"%YAML 1.1\n", b"\\", b"~"]
_SCALARS = [
    b"yes",
    b"010",
    b"0x1f",
    b"1e3",
    b".inf",
    b"12:30",
    b"1_000",
    b"-1",
    b"9" * 20,
    b"0.5",
    b"true",
    b"null",
]
_BYTES = [
    b"\x00",
    b"\xff",
    b"\xc3",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xa8",
    b"\r",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x8d\xb7",
]
_KEYS = [
    b"model: ",
    b"version: ",
    b"variants: ",
    b"graph: {name: x}",
    b"serving: {}",
    b"namespace: ",
    b"{}",
    b"[]",
]
FRAGMENTS = st.sampled_from([*_STRUCTURE, *_TOKENS, *_SCALARS, *_BYTES, *_KEYS])

Mutation = Callable[[bytes], bytes]


@st.composite
def mutations(draw: st.DrawFn) -> Mutation:
    start, length = draw(st.floats(0, 1)), draw(st.integers(0, 40))
    kind = draw(st.sampled_from(["flip", "cut", "insert", "replace", "repeat"]))
    bit, fragment = draw(st.integers(0, 7)), draw(FRAGMENTS)

    def mutate(data: bytes) -> bytes:
        at = int(start * len(data))
        before, middle, after = data[:at], data[at : at + length], data[at + length :]
        if kind == "flip":
            return before + bytes(byte ^ (1 << bit) for byte in middle[:1]) + middle[1:] + after
        if kind == "insert":
            return before + fragment + middle + after
        if kind == "repeat":
            return before + middle * 2 + after
        return before + (fragment if kind == "replace" else b"") + after

    return mutate


def assert_well_placed(findings: tuple[Finding, ...], files: dict[str, bytes]) -> None:
    for finding in findings:
        place = finding.location
        assert finding.rule
        assert finding.message
        assert f"{place} {finding.message} {finding.advice}".encode()
        assert 1 <= place.line <= place.end_line
        assert place.column >= 1
        if place.file in files:
            text = files[place.file].decode("utf-8", "replace")
            lines = text.split("\n")
            assert place.line <= len(lines)
            assert place.column <= len(lines[place.line - 1]) + 1


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(kind=st.sampled_from(list(FileKind)), changes=st.lists(mutations(), min_size=1, max_size=5))
def test_no_mutated_file_raises(kind: FileKind, changes: list[Mutation]) -> None:
    content = SOUND[PATHS[kind]]
    for change in changes:
        content = change(content)
    files = {**SOUND, PATHS[kind]: content}
    assert_well_placed(check(load(files)).findings, files)


@settings(max_examples=300, deadline=None)
@given(content=st.binary(max_size=60))
@example(content=b"\r\n")
@example(content=b"a: &a [*a]")
@example(content=b"? {a: b}\n: c")
def test_no_bytes_raise(content: bytes) -> None:
    files = {**SOUND, PATHS[FileKind.DEPLOYMENT]: content}
    assert_well_placed(check(load(files)).findings, files)


@settings(max_examples=300, deadline=None)
@given(fragments=st.lists(FRAGMENTS, max_size=12))
@example(fragments=[b"&a ", b": ", b"&a "])
def test_no_heap_of_fragments_raises(fragments: list[bytes]) -> None:
    files = {**SOUND, PATHS[FileKind.ENVIRONMENT]: b"".join(fragments)}
    assert_well_placed(check(load(files)).findings, files)


@settings(max_examples=200, deadline=None)
@given(names=st.lists(st.text(max_size=8), min_size=1, max_size=5), target=st.text(max_size=12))
def test_no_path_or_link_raises(names: list[str], target: str) -> None:
    path = "/".join(("environments", *names))
    assert_well_placed(check(load({path: b"x"}, submodules=[path])).findings, {})
    assert_well_placed(check(load({}, links={path: target}, unreadable={path: "torn"})).findings, {})


def test_the_sound_files_are_sound_in_form() -> None:
    rules = {finding.rule for finding in check(load(SOUND)).findings}
    assert not rules & {"yaml-syntax", "known-keys", "required-keys", "value-type", "missing-file"}
