"""The one rule that stands for a mount namespace, which a plain process does not have.

In a container `/mnt/models` is what the Pod mounts there. Here every volume is a folder of the Pod's own, and
where a mount path stands in a container's command, arguments or environment, that folder is put instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A path as the container names it, and the file or folder that it means on this machine."""

    path: str
    place: Path


def mounts_of(
    container: Mapping[str, Any], volumes: Mapping[str, Path], termination_log: Path
) -> tuple[Mount, ...]:
    """What a container sees: its volume mounts, and the file for its last words."""
    mounted = (
        Mount(
            path=mount["mountPath"].rstrip("/"),
            place=volumes[mount["name"]] / mount.get("subPath", ""),
        )
        for mount in container.get("volumeMounts", ())
        if mount["name"] in volumes
    )
    path = container.get("terminationMessagePath", "/dev/termination-log")
    return (*mounted, Mount(path=path, place=termination_log))


def rewrite(text: str, mounts: Sequence[Mount]) -> str:
    """The text with each mount path, alone or as the beginning of a longer path, replaced by its place.

    Only whole path names are meant: `/mnt/models` is neither in `/mnt/models-old` nor in `/x/mnt/models`.
    """
    places = {mount.path: str(mount.place) for mount in mounts}
    if not places:
        return text
    longest_first = sorted(places, key=len, reverse=True)
    pattern = "|".join(re.escape(path) for path in longest_first)
    return re.sub(rf"(?<![\w./-])(?:{pattern})(?![\w.-])", lambda match: places[match.group()], text)
