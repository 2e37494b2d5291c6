"""Where this modelsync can be had again: a commit of a git repository, as it was installed from one."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

_COMMIT = re.compile(r"[0-9a-f]{40}")
_PATH = r"([\w.~-]+(?:/[\w.~-]+)*)/?"
_FORMS = (
    re.compile(rf"https://(?:[^@/\s]*@)?([\w.-]+(?::\d+)?)/{_PATH}"),
    re.compile(rf"(?:git\+)?ssh://(?:[^@/\s]*@)?([\w.-]+)(?::\d+)?/{_PATH}"),
    re.compile(rf"(?:[^@/:\s]+@)?([\w.-]+):{_PATH}"),
)
"""Host and path in addresses of remotes: by HTTPS, by SSH, and by SSH as user@host:path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The address of a git repository (https://, without credentials) and the full name of a commit in it."""

    repository: str
    commit: str


def find_origin(address: str, commit: str) -> Origin | None:
    """The commit at the address of a git remote; None where others could not fetch it by HTTPS.

    Of a remote by SSH it is the same place: forges have both. Users and passwords are left out.
    """
    found = next(filter(None, (form.fullmatch(address) for form in _FORMS)), None)
    if found is None or not _COMMIT.fullmatch(commit):
        return None
    return Origin(repository=f"https://{found[1]}/{found[2].removesuffix('.git')}.git", commit=commit)


def read_installation(text: str) -> Origin | Path | None:
    """What an installer wrote into direct_url.json (PEP 610): a commit, or the folder of a live checkout."""
    try:
        content: Any = json.loads(text)
        address = str(content["url"])
        if "vcs_info" in content:
            return find_origin(address, str(content["vcs_info"]["commit_id"]))
        # Of a copy of a folder nobody knows which commit it was.
        if content["dir_info"]["editable"] is True and address.startswith("file://"):
            return Path(unquote(urlsplit(address).path))
    except (ValueError, KeyError, TypeError):
        return None
    return None
