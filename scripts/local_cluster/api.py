"""Requests to the API server as its administrator: what starting a cluster and arranging tests needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3

from scripts.local_cluster.certificates import KeyPair
from scripts.local_cluster.errors import ClusterError

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer of the API server: status and body (parsed JSON, or the text where it is none)."""

    status: int
    body: Any


class AdminApi:
    """One connection pool to one API server."""

    def __init__(self, server: str, *, ca: Path, user: KeyPair) -> None:
        self._server = server
        self._pool = urllib3.PoolManager(
            ca_certs=str(ca),
            cert_file=str(user.certificate),
            key_file=str(user.key),
            timeout=urllib3.Timeout(connect=2, read=30),
            retries=False,
        )

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content_type: str = "application/json",
        accept: str = "application/json",
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; any status is an answer. Raises ClusterError when the API server cannot be reached."""
        url = f"{self._server}{path}" + (f"?{urlencode(query)}" if query else "")
        try:
            response = self._pool.request(
                method,
                url,
                body=None if body is None else json.dumps(body).encode(),
                headers={
                    "Accept": accept,
                    "Content-Type": content_type,
                    "User-Agent": "modelsync-local-cluster",
                },
            )
        except urllib3.exceptions.HTTPError as error:
            raise ClusterError(f"{method} {url}: the API server cannot be reached ({error})") from error
        text = response.data.decode("utf-8", errors="replace")
        try:
            return Answer(status=response.status, body=json.loads(text))
        except ValueError:
            return Answer(status=response.status, body=text)

    def demand(self, method: str, path: str, body: object = None, **rest: Any) -> Any:
        """The body of a successful answer. Raises ClusterError with the API server's words for any other."""
        answer = self.request(method, path, body, **rest)
        if not 200 <= answer.status < 300:
            said = answer.body.get("message", "") if isinstance(answer.body, dict) else answer.body
            raise ClusterError(f"{method} {path}: the API server answers {answer.status}: {said}")
        return answer.body

    def close(self) -> None:
        """Close the pool's connections."""
        self._pool.clear()
