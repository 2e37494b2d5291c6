"""Organisation manifests: templates that give each deployment of an environment more objects of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

RENDERED = "extras-rendered"
CONTENT = "extras-content"
KINDS_ALLOWED = "extras-kinds-allowed"
NAMED = "extras-named-for-deployment"
UNIQUE = "extras-unique"
METADATA = "extras-metadata"

EXTRA_RULES: Mapping[str, str] = {
    CONTENT: "Objects of templates in extras/ have the blocks of their kind, and ConfigMaps hold texts",
    KINDS_ALLOWED: "Templates in extras/ make objects of the allowed kinds only",
    METADATA: "Templates in extras/ give name, labels and annotations, and none that modelsync gives itself",
    NAMED: "Objects of templates in extras/ are named after their deployment",
    RENDERED: "Templates in extras/ can be rendered for every deployment",
    UNIQUE: "No two objects of templates in extras/ have the same kind and name",
}
"""Rules of rendered templates: id → what holds where it is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraTemplate:
    """`environments/<env>/extras/<name>.yaml.j2`: its name, its path in the repository, and its text."""

    name: str
    file: str
    text: str
