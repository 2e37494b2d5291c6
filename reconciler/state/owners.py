"""Who owns which files, as forges read it."""

from __future__ import annotations

from dataclasses import dataclass

CODEOWNERS_PLACES = (
    ".github/CODEOWNERS",
    "CODEOWNERS",
    "docs/CODEOWNERS",
    ".gitea/CODEOWNERS",
    ".gitlab/CODEOWNERS",
)
"""Where forges look for the file; the first that is there counts."""

WORKFLOW_PLACES = (".github/workflows/", ".gitea/workflows/", ".forgejo/workflows/", ".gitlab-ci.yml")
"""Where forges look for what they run of a change, its checks among it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnersFile:
    """The text of CODEOWNERS, and its path in the repository."""

    path: str
    text: str
