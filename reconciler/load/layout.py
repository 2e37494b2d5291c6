"""Where which file lies in a repository, and what is said of a file that lies elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum

from reconciler.state.documents import Location
from reconciler.state.findings import Finding, Grade

DATA_FOLDERS = ("models", "environments")
TEMPLATE_ENDING = ".yaml.j2"


class FileKind(str, Enum):
    """The kinds of declarations, by the name of their JSON Schema."""

    DEFAULTS = "defaults"
    MODEL = "model"
    RECORD = "version"
    ENVIRONMENT = "environment"
    DEPLOYMENT = "deployment"
    EXCEPTIONS = "exceptions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a path says: the kind, the model's or environment's folder, and the file's own name.

    `name` is the deployment's name, or the version that a record is about, as text; else it is empty.
    """

    kind: FileKind
    folder: str = ""
    name: str = ""


_VERSION = re.compile(r"[1-9][0-9]*")
_WRONG_VERSION = re.compile(r"[vV]?0*([1-9][0-9]*)")
_OTHER_ENDINGS = (".yml", ".YAML", ".YML", ".json")

_ENVIRONMENT_FILES = {"environment.yaml": FileKind.ENVIRONMENT, "exceptions.yaml": FileKind.EXCEPTIONS}


def is_ignored(path: str) -> bool:
    """Hidden files, and README.md, which explains a folder to people."""
    parts = path.split("/")
    return any(part.startswith(".") for part in parts) or parts[-1].lower() == "readme.md"


def find_place(path: str) -> Place | None:
    """What the file at `path` declares; None if no declaration lies there.

    `path` is relative to the repository and separated by `/`.
    """
    match path.split("/"):
        case ["models", "defaults.yaml"]:
            return Place(kind=FileKind.DEFAULTS)
        case ["models", folder, "model.yaml"]:
            return Place(kind=FileKind.MODEL, folder=folder)
        case ["models", folder, "versions", file] if _VERSION.fullmatch(_stem(file)):
            return Place(kind=FileKind.RECORD, folder=folder, name=_stem(file))
        case ["environments", folder, file] if file in _ENVIRONMENT_FILES:
            return Place(kind=_ENVIRONMENT_FILES[file], folder=folder)
        case ["environments", folder, "deployments", file] if _stem(file):
            return Place(kind=FileKind.DEPLOYMENT, folder=folder, name=_stem(file))
    return None


def find_template(path: str) -> tuple[str, str] | None:
    """Environment and name of the organisation manifest that the file at `path` is; None for another file."""
    match path.split("/"):
        case ["environments", folder, "extras", file] if file.removesuffix(TEMPLATE_ENDING) not in ("", file):
            return folder, file.removesuffix(TEMPLATE_ENDING)
    return None


def describe_stray(path: str) -> Finding:
    """The finding for a file that is no declaration: an error if it looks like one, else advice."""
    shown = show_path(path)
    file = path.rpartition("/")[2]
    looks_declared = file.endswith((".yaml", ".j2", *_OTHER_ENDINGS)) or shown != path
    advice = _suggest(path) or "Move it out of models/ and environments/, or begin its name with a dot."
    return Finding(
        rule="unknown-file",
        grade=Grade.HARD if looks_declared else Grade.ADVISORY,
        location=Location(file=shown),
        message=f"{shown} is not read: no declaration has this place and name.",
        advice=advice,
    )


def show_path(path: str) -> str:
    """A path that can be printed: what is no printable character is escaped."""
    if path.isprintable():
        return path
    return "".join(part if part.isprintable() else ascii(part)[1:-1] for part in path)


def _stem(file: str) -> str:
    """The name without `.yaml`; nothing if it does not end so."""
    return file[: -len(".yaml")] if file.endswith(".yaml") else ""


def _suggest(path: str) -> str:
    if show_path(path) != path:
        return "Rename it; names are made of letters, digits and dashes."
    for suggest in _SUGGESTIONS:
        if proposal := suggest(path.split("/")):
            return f"Rename it to {proposal}."
    return ""


def _correct_ending(parts: Sequence[str]) -> str:
    stem, dot, ending = parts[-1].rpartition(".")
    proposal = "/".join((*parts[:-1], f"{stem}.yaml"))
    return proposal if f"{dot}{ending}" in _OTHER_ENDINGS and find_place(proposal) else ""


def _correct_version(parts: Sequence[str]) -> str:
    match parts:
        case ["models", folder, "versions", file]:
            found = _WRONG_VERSION.fullmatch(_stem(file))
            return f"models/{folder}/versions/{found.group(1)}.yaml" if found else ""
    return ""


def _correct_name(parts: Sequence[str]) -> str:
    """A misspelt name of a fixed file or folder."""
    match parts:
        case ["models", folder, file]:
            return _nearest(file, ("model.yaml",), f"models/{folder}/")
        case ["models", file]:
            return _nearest(file, ("defaults.yaml",), "models/")
        case ["models", folder, subfolder, file]:
            return _nearest(subfolder, ("versions",), f"models/{folder}/", f"/{file}")
        case ["environments", folder, file]:
            return _nearest(file, tuple(_ENVIRONMENT_FILES), f"environments/{folder}/")
        case ["environments", folder, subfolder, file]:
            return _nearest(subfolder, ("deployments", "extras"), f"environments/{folder}/", f"/{file}")
    return ""


def _correct_template(parts: Sequence[str]) -> str:
    """An organisation manifest without its ending."""
    match parts:
        case ["environments", folder, "extras", file]:
            stem = file.removesuffix(".j2").removesuffix(".yaml").removesuffix(".yml")
            return f"environments/{folder}/extras/{stem}{TEMPLATE_ENDING}" if stem else ""
        case ["environments", folder, file] if file.endswith(TEMPLATE_ENDING):
            return f"environments/{folder}/extras/{file}"
    return ""


def _correct_folder(parts: Sequence[str]) -> str:
    """A declaration one folder too high."""
    match parts:
        case ["environments", folder, file] if _stem(file):
            return f"environments/{folder}/deployments/{file}"
        case ["environments", file] if _stem(file):
            return f"environments/{_stem(file)}/environment.yaml"
        case ["models", folder, file] if _VERSION.fullmatch(_stem(file)):
            return f"models/{folder}/versions/{file}"
        case ["models", file] if _stem(file):
            return f"models/{_stem(file)}/model.yaml"
    return ""


def _nearest(word: str, known: tuple[str, ...], before: str, after: str = "") -> str:
    near = get_close_matches(word, known, n=1, cutoff=0.8)
    proposal = f"{before}{near[0]}{after}" if near and near[0] != word else ""
    return proposal if find_place(proposal) or find_template(proposal) else ""


_SUGGESTIONS: tuple[Callable[[Sequence[str]], str], ...] = (
    _correct_ending,
    _correct_version,
    _correct_name,
    _correct_template,
    _correct_folder,
)
