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
MANAGER = "local-cluster"
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
            # Parts of a cluster are started side by side.
            maxsize=8,
        )
        self._paths: dict[tuple[str, str], tuple[str, bool]] = {}

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

    def apply(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Apply any object server-side, taking fields over from others; the object as the API server has it.

        A namespaced object without a namespace goes to `default`. Raises ClusterError with the API server's
        words when it is refused, and when the API server does not know its kind (yet).
        """
        metadata = body["metadata"]
        path = self.path(
            body["apiVersion"], body["kind"], metadata["name"], namespace=metadata.get("namespace", "default")
        )
        query = {"fieldManager": MANAGER, "force": "true"}
        answer: dict[str, Any] = self.demand("PATCH", path, body, content_type=APPLY, query=query)
        return answer

    def path(self, version: str, kind: str, name: str = "", *, namespace: str = "default") -> str:
        """The path of an object, or of all objects of a kind without a name; `version` is an `apiVersion`.

        `namespace` does not matter to a kind without namespaces. Raises ClusterError for a kind that the API
        server does not serve.
        """
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        if (version, kind) not in self._paths:
            answer = self.request("GET", root)
            resources = answer.body["resources"] if answer.status == 200 else ()
            for resource in resources:
                if "/" not in resource["name"]:
                    self._paths[version, resource["kind"]] = (resource["name"], resource["namespaced"])
        if (version, kind) not in self._paths:
            raise ClusterError(f"{version} {kind}: the API server serves no such kind")
        plural, namespaced = self._paths[version, kind]
        place = f"{root}/namespaces/{namespace}/{plural}" if namespaced else f"{root}/{plural}"
        return f"{place}/{name}" if name else place

    def close(self) -> None:
        """Close the pool's connections."""
        self._pool.clear()
