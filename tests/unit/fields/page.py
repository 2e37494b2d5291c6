"""The page that lists every field: what is written, what it is for, and what becomes of it."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from reconciler.load.layout import FileKind
from reconciler.state.annotations import KNOWN, REFUSED
from reconciler.state.declarations import Declaration
from reconciler.validate.expectations import describe
from reconciler.validate.kinds import TYPES
from reconciler.validate.schema import resolve_reference, schema_of
from tests.unit.fields.elsewhere import COMPARED, ELSEWHERE, NOT_SERVED
from tests.unit.fields.reach import find_effects, list_fields, name_field

_MOST_PATHS = 3
_TOLD = {
    "(retired)": "the plan removes the object",
    "(adopted)": "the plan takes the object over",
    "(the object)": "whether there is an object",
}
"""Words for what does not stand in the object; of several the first, since what is removed loses all else."""

_FILES: Mapping[FileKind, str] = {
    FileKind.DEFAULTS: "models/defaults.yaml",
    FileKind.MODEL: "models/<model>/model.yaml",
    FileKind.RECORD: "models/<model>/versions/<n>.yaml",
    FileKind.ENVIRONMENT: "environments/<env>/environment.yaml",
    FileKind.DEPLOYMENT: "environments/<env>/deployments/<name>.yaml",
    FileKind.EXCEPTIONS: "environments/<env>/exceptions.yaml",
}

_HEAD = """\
# Every field of the declarations

What may be written, and what becomes of it: the path in the rendered SeldonDeployment (below `spec` each
predictor is a variant), what the plan is told, or who else reads it. It is generated from the types and from
what changing each field does to the golden cases (`tests/unit/fields`); `scripts/bless tests/unit/fields`
writes it anew.
"""


def write_page() -> str:
    """The whole page as Markdown."""
    lines = [_HEAD]
    files = {TYPES[kind]: f"`{path}`" for kind, path in _FILES.items()}
    blocks = dict.fromkeys(list_fields().values())
    for block in blocks:
        title = files.get(block, block.__name__)
        lines += [f"## {title}\n", f"{_first_paragraph(block)}\n", *_table(block), ""]
    lines += [*_annotations(), ""]
    return "\n".join(lines).rstrip() + "\n"


def _table(block: type[Declaration]) -> Iterator[str]:
    yield "| key | written as | for | becomes |"
    yield "|---|---|---|---|"
    for name, info in block.model_fields.items():
        key = info.alias or name
        node = _schema(block, key)
        cells = (
            f"`{key}`" + ("" if not info.is_required() else " (required)"),
            _form(info.annotation, node),
            str(node.get("description", "")),
            _becomes(block, key),
        )
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _becomes(block: type[Declaration], key: str) -> str:
    name = name_field(block, key)
    if name in NOT_SERVED:
        return "refused: not served yet"
    elsewhere = ELSEWHERE.get(name)
    if elsewhere is not None:
        return elsewhere.reason + (f" ({elsewhere.rule})" if elsewhere.rule else "")
    if name == "Variant.traffic":
        return "`spec.predictors[].traffic`"
    effect = find_effects().get(name)
    found = effect.paths if effect else set()
    told = [words for path, words in _TOLD.items() if path in found]
    if told:
        return told[0]
    if found and _find_block(block.model_fields, key) is not None:
        return "see there"
    paths = sorted({_shorten(path) for path in found}, key=_rank)
    if paths:
        more = ", …" if len(paths) > _MOST_PATHS else ""
        return ", ".join(f"`{path}`" for path in paths[:_MOST_PATHS]) + more
    if block.__name__ in COMPARED:
        return "compared with the registry (`pin --check`)"
    return "part of a block that is not served yet"


def _find_block(fields: Mapping[str, FieldInfo], key: str) -> type[Declaration] | None:
    """The block that a key holds, alone or in a list."""
    info = next(info for name, info in fields.items() if (info.alias or name) == key)
    waiting = list(_choices(info.annotation))
    while waiting:
        choice = waiting.pop(0)
        if isinstance(choice, type) and issubclass(choice, Declaration):
            return choice
        if get_origin(choice) is tuple:
            waiting += _choices(get_args(choice)[0])
    return None


def _shorten(path: str) -> str:
    """Nodes are alike at every level."""
    return re.sub(r"(\.children\[\])+", ".children[]", path)


def _rank(path: str) -> tuple[bool, int, str]:
    """The specification before what only names its origin; short paths first."""
    return path.startswith("metadata"), len(path), path


def _form(annotation: Any, node: Mapping[str, Any]) -> str:
    choices = _choices(annotation)
    blocks = [choice for choice in choices if isinstance(choice, type) and issubclass(choice, Declaration)]
    if blocks:
        return f"block [{blocks[0].__name__}](#{blocks[0].__name__.lower()})"
    for choice in choices:
        if get_origin(choice) is tuple and not _is_literal(choice):
            return _several(f"list of {_form(get_args(choice)[0], {})}", choices, node)
        if get_origin(choice) is not None and issubclass(_origin(choice), Mapping):
            return f"names, each with {_form(get_args(choice)[1], {})}"
    return describe(node) if node else _plain(choices)


def _several(listed: str, choices: tuple[Any, ...], node: Mapping[str, Any]) -> str:
    return listed if len(choices) == 1 else describe(node)


def _plain(choices: tuple[Any, ...]) -> str:
    words = {str: "text", int: "a whole number", float: "a number", bool: "true or false", Any: "anything"}
    return " or ".join(
        ", ".join(map(str, get_args(choice))) if _is_literal(choice) else words[choice] for choice in choices
    )


def _is_literal(choice: Any) -> bool:
    return get_origin(choice) is Literal


def _origin(choice: Any) -> type:
    origin = get_origin(choice)
    return origin if isinstance(origin, type) else type(None)


def _choices(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is Annotated:
        return _choices(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(
            choice
            for argument in get_args(annotation)
            if argument is not type(None)
            for choice in _choices(argument)
        )
    return (annotation,)


def _schema(block: type[Declaration], key: str) -> Mapping[str, Any]:
    for kind in FileKind:
        if kind not in TYPES:
            continue
        root = schema_of(kind)
        holder = root if TYPES[kind] is block else root.get("$defs", {}).get(block.__name__)
        if holder is not None and "properties" in holder:
            return resolve_reference(holder["properties"][key], root)
    raise AssertionError(f"no schema has {block.__name__}.{key}")


def _first_paragraph(block: type[Declaration]) -> str:
    return " ".join((block.__doc__ or "").split("\n\n")[0].split())


def _annotations() -> Iterator[str]:
    yield "## Annotations\n"
    yield "Keys that `annotations` of a [Serving](#serving) block may have. Those of Pods restart them.\n"
    yield "| key | written as | for | becomes |"
    yield "|---|---|---|---|"
    words = {int: "a whole number", str: "text", bool: "true or false"}
    for key, known in KNOWN.items():
        place = "spec.annotations" if known.on_pods else "metadata.annotations"
        gateway = f" ({known.gateway} only)" if known.gateway else ""
        yield f"| `{key}` | {words[known.type]} | {known.meaning}{gateway} | `{place}` |"
    yield ""
    yield "These are refused:\n"
    yield "| key | because |"
    yield "|---|---|"
    for key, reason in REFUSED.items():
        yield f"| `{key}` | {reason} |"
