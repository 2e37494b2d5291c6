"""Organisation manifests: templates that give each deployment of an environment more objects of its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraTemplate:
    """`environments/<env>/extras/<name>.yaml.j2`: its name, its path in the repository, and its text."""

    name: str
    file: str
    text: str
