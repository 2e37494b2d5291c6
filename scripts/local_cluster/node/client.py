"""The API server as the node program sees it: requests that may fail, and one watch."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"
STRATEGIC = "application/strategic-merge-patch+json"
_WATCH_SECONDS = 300
# An API server that has just started does not know users' rights for a moment.
_PASSING = (401, 403, 429)


class Unreachable(Exception):
    """The API server did not answer, or only that it cannot yet; another try is worth it."""


class Refused(Exception):
    """The API server answered no. `status` is the HTTP status, the text what it said."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"{status}: {said}")
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One event of a watch: ADDED, MODIFIED, DELETED or BOOKMARK, and the object."""

    kind: str
    body: Mapping[str, Any]


class Client:
    """Requests with the client certificate of a kubeconfig's only user."""

    def __init__(self, kubeconfig: Path) -> None:
        content = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        cluster, user = content["clusters"][0]["cluster"], content["users"][0]["user"]
        self._http = httpx.AsyncClient(
            base_url=cluster["server"],
            verify=_trust(cluster, user),
            trust_env=False,
            timeout=httpx.Timeout(10),
            headers={"User-Agent": "modelsync-local-node"},
        )

    async def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content_type: str = "application/json",
        query: Mapping[str, str] | None = None,
    ) -> Any:
        """The body of a successful answer. Raises Refused for any other, Unreachable for none."""
        try:
            answer = await self._http.request(
                method,
                path,
                params=query,
                content=None if body is None else json.dumps(body),
                headers={"Content-Type": content_type},
            )
        except httpx.HTTPError as error:
            raise Unreachable(f"{method} {path}: {str(error) or type(error).__name__}") from error
        return _read(answer.status_code, answer.content)

    async def find(self, path: str) -> Any:
        """The object at a path, None where there is none. Raises Refused, Unreachable."""
        try:
            return await self.request("GET", path)
        except Refused as error:
            if error.status == 404:
                return None
            raise

    async def apply(self, path: str, body: object) -> Any:
        """Server-side apply of an object, over what others have set. Raises Refused, Unreachable."""
        query = {"fieldManager": "local-node", "force": "true"}
        return await self.request("PATCH", path, body, content_type=APPLY, query=query)

    async def watch(self, path: str, *, query: Mapping[str, str], version: str) -> AsyncIterator[Change]:
        """Changes from a resource version on, until the API server ends the watch.

        Raises Refused (status 410: the version is too old), Unreachable.
        """
        asked = {
            **query,
            "watch": "true",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(_WATCH_SECONDS),
        }
        timeout = httpx.Timeout(10, read=_WATCH_SECONDS + 30)
        try:
            async with self._http.stream("GET", path, params=asked, timeout=timeout) as answer:
                if answer.status_code != 200:
                    _read(answer.status_code, await answer.aread())
                async for line in answer.aiter_lines():
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise Refused(event["object"].get("code", 500), event["object"].get("message", ""))
                    yield Change(kind=event["type"], body=event["object"])
        except httpx.HTTPError as error:
            raise Unreachable(f"watch {path}: {str(error) or type(error).__name__}") from error


async def persist(client: Client, method: str, path: str, body: object = None, **rest: Any) -> Any:
    """A request that is made again each second for as long as the API server cannot be reached.

    Raises Refused.
    """
    while True:
        try:
            return await client.request(method, path, body, **rest)
        except Unreachable:
            await asyncio.sleep(1)


def _read(status: int, content: bytes) -> Any:
    try:
        body = json.loads(content)
    except ValueError:
        body = content.decode("utf-8", errors="replace")
    if 200 <= status < 300:
        return body
    said = body.get("message", "") if isinstance(body, dict) else str(body)
    if (status in _PASSING or status >= 500) and "being terminated" not in said:
        raise Unreachable(f"{status}: {said}")
    raise Refused(status, said)


def _trust(cluster: Mapping[str, str], user: Mapping[str, str]) -> ssl.SSLContext:
    authority = base64.b64decode(cluster["certificate-authority-data"]).decode("ascii")
    context = ssl.create_default_context(cadata=authority)
    # The ssl module takes keys from files only.
    with tempfile.NamedTemporaryFile("wb", suffix=".pem") as file:
        for key in ("client-certificate-data", "client-key-data"):
            file.write(base64.b64decode(user[key]) + b"\n")
        file.flush()
        context.load_cert_chain(file.name)
    return context
