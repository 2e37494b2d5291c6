"""One file over HTTP; a broken transfer goes on where it ended (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

from reconciler.clients.registry.interface import Progress, RemoteFile

CHUNK = 1024 * 1024
"""Bytes that are held in memory at a time."""


class Answer(Protocol):
    """What is needed of a streamed HTTP response."""

    status_code: int

    @property
    def headers(self) -> Mapping[str, str]:
        """Looked up without regard to case."""

    def iter_content(self, chunk_size: int) -> Iterator[bytes]:
        """The body. Raises what `ask` raises when the transfer breaks."""

    def close(self) -> None:
        """Give the connection back."""


class IncompleteError(Exception):
    """The transfer ended with another number of bytes than was announced."""


def fetch(
    ask: Callable[[Mapping[str, str]], Answer], file: RemoteFile, target: Path, progress: Progress
) -> None:
    """Write the file to `target`. `ask` sends one GET with these headers and raises unless it succeeds.

    Beside the target lie `<target>.part` while it is incomplete, and `<target>.etag` with the store's name
    for exactly this content. A finished target is asked for again only if it changed meanwhile.
    """
    part = target.with_name(f"{target.name}.part")
    tag = target.with_name(f"{target.name}.etag")
    known = tag.read_text(encoding="utf-8") if tag.exists() else ""
    headers = {"Accept-Encoding": "identity"}
    have = part.stat().st_size if part.exists() else 0
    if known and target.exists():
        headers["If-None-Match"] = known
    elif known and have:
        headers |= {"Range": f"bytes={have}-", "If-Range": known}

    answer = ask(headers)
    try:
        if answer.status_code == HTTPStatus.NOT_MODIFIED:
            progress(file.path, file.bytes, file.bytes)
            return
        goes_on = answer.status_code == HTTPStatus.PARTIAL_CONTENT
        if not goes_on:
            have = 0
            target.unlink(missing_ok=True)
            _remember(tag, answer.headers.get("ETag", ""))
        with part.open("ab" if goes_on else "wb") as stream:
            for chunk in answer.iter_content(CHUNK):
                stream.write(chunk)
                have += len(chunk)
                progress(file.path, have, file.bytes)
    finally:
        answer.close()
    if have != file.bytes:
        part.unlink()
        raise IncompleteError(f"{have} bytes came, {file.bytes} were announced")
    part.replace(target)


def _remember(tag: Path, value: str) -> None:
    # A weak tag names equivalent contents, not equal bytes: nothing may be appended on its word.
    if value and not value.startswith("W/"):
        tag.write_text(value, encoding="utf-8")
    else:
        tag.unlink(missing_ok=True)
