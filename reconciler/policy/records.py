"""What a version record's digest stands for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from reconciler.state.declarations import RecordedFile


def compute_digest(files: Mapping[str, RecordedFile]) -> str:
    """The digest of a model version's files: `sha256:` and 64 hexadecimal digits.

    It is the SHA-256 of a JSON array with one `[name, bytes, content]` for each file, ordered by name,
    in ASCII without spaces; `content` is `sha256:…`, or the store's own checksum for a large file. The
    order in which files are given does not matter.
    """
    rows = [[name, file.bytes, _identify(file)] for name, file in sorted(files.items())]
    text = json.dumps(rows, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def find_unidentified(files: Mapping[str, RecordedFile]) -> tuple[str, ...]:
    """The files whose content nothing identifies: neither SHA-256 nor a checksum of the store."""
    return tuple(name for name, file in sorted(files.items()) if _identify(file) is None)


def _identify(file: RecordedFile) -> str | None:
    return file.checksum if file.sha256 is None else f"sha256:{file.sha256}"
