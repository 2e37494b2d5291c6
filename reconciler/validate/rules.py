"""The rules that every file must keep before any policy looks at it. They are never waived."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.state.extras import EXTRA_RULES

FILE_RULES: Mapping[str, str] = {
    "alias-limit": "A file uses at most 50 aliases, which stand for at most 10,000 values",
    "control-characters": "A file holds no characters that cannot be seen",
    "custom-tags": "Values have no tags",
    "document-size": "A file has at most 1 MiB, and 100,000 keys and values",
    "duplicate-keys": "A key is given once",
    "merge-keys": "Keys are written out, not merged from elsewhere",
    "nesting-depth": "Blocks are nested at most 40 deep",
    "one-document": "A file holds exactly one document",
    "plain-scalars": "Unquoted values mean the same to every YAML reader",
    "submodules": "Declarations lie in this repository",
    "symbolic-links": "Symbolic links lead to files among the declarations",
    "tabs": "A file holds no tabs",
    "text-keys": "Keys are plain text",
    "unknown-file": "Every file in the data folders has a declaration's place and name",
    "unreadable-file": "Files can be read",
    "utf-8": "Files are UTF-8 without a byte order mark",
    "yaml-syntax": "Files are YAML",
}
"""Rules of the load stage: id → what holds where it is kept."""

FORM_RULES: Mapping[str, str] = {
    "known-keys": "Every key is known",
    "missing-file": "Every folder has its own file",
    "not-served-yet": "No block is declared that this version would not act on",
    "required-keys": "No required key is missing",
    "value-form": "Text is written in the form that its key asks for",
    "value-range": "Numbers, lists and text are within their limits",
    "value-type": "Values have the type that their key asks for",
    "versions-are-pinned": "Versions are whole numbers from 1, never aliases or stages",
}
"""Rules of parsing: id → what holds where it is kept."""

STRUCTURAL_RULES: Mapping[str, str] = {**FILE_RULES, **FORM_RULES, **EXTRA_RULES}

REGISTRY_RULES: Mapping[str, str] = {
    "registry-version-exists": "A recorded version exists in the registry",
    "registry-facts-unmoved": "A record says what the registry says of its version",
    "registry-version-ready": "A recorded version is ready in the registry",
}
"""Rules of records against the registry, asked for by `--registry`: id → what holds where it is kept."""
