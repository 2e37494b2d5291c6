"""Reader and writer over a transport: Kubernetes' REST paths and plain bodies, without discovery."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from reconciler.clients.cluster.answers import Call, read_error, read_listed, read_metadata, read_object
from reconciler.clients.cluster.interface import (
    ClusterError,
    ClusterUnreachable,
    Identity,
    KindMissing,
    ListExpired,
    NotFound,
    ObjectMetadata,
    Permit,
    RightMissing,
)
from reconciler.clients.cluster.transport import JSON, METADATA, Answer, Request, Transport
from reconciler.state.objects import Body, Kind, LiveObject, ObjectKey
from reconciler.state.observations import Namespace

PAGE = 500
MANAGER = "modelsync"

# A traceback is within this; nobody reads more in a status.
_LOG_BYTES = 65_536

_POD_LOG = Kind(group="", version="v1", plural="pods/log", name="Pod")
_NAMESPACE = Kind(group="", version="v1", plural="namespaces", name="Namespace")
_ACCESS_REVIEW = Kind(
    group="authorization.k8s.io",
    version="v1",
    plural="selfsubjectaccessreviews",
    name="SelfSubjectAccessReview",
)
_SELF_REVIEW = Kind(
    group="authentication.k8s.io", version="v1", plural="selfsubjectreviews", name="SelfSubjectReview"
)


# The API server itself leaves out all but metadata (Kubernetes API concepts, "Receiving resources as
# PartialObjectMetadata"); one that cannot answers with whole objects, which are read the same.
_METADATA_LIST = f"application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,{JSON}"

_Item = TypeVar("_Item")
_Read = Callable[[Mapping[str, Any], Kind], _Item]


class RestReader:
    """Implements ClusterReader."""

    def __init__(self, transport: Transport, *, page: int = PAGE) -> None:
        """`page` is how many objects are asked for at once."""
        self._transport = transport
        self._page = page

    @property
    def server(self) -> str:
        return self._transport.server

    @property
    def requests(self) -> int:
        return sum(self._transport.counts.values())

    @property
    def requests_by_answer(self) -> Mapping[tuple[str, int], int]:
        return self._transport.answers

    def get(self, kind: Kind, namespace: str, name: str) -> LiveObject | None:
        answer = self._transport.send(Request(method="GET", path=_path(kind, namespace, name)))
        if answer.status < 400:
            return read_object(_demand(answer, "metadata", self.server), kind)
        error = read_error(answer, self._call("get", kind, namespace, name))
        if isinstance(error, NotFound):
            return None
        raise error

    def list(self, kind: Kind, namespace: str, *, label_selector: str = "") -> tuple[LiveObject, ...]:
        found = self._list_all(kind, namespace, label_selector, JSON, read_listed)
        return tuple(sorted(found, key=lambda live: live.key))

    def list_metadata(
        self, kind: Kind, namespace: str, *, label_selector: str = ""
    ) -> tuple[ObjectMetadata, ...]:
        found = self._list_all(kind, namespace, label_selector, _METADATA_LIST, read_metadata)
        return tuple(sorted(found, key=lambda metadata: metadata.key))

    def _list_all(
        self, kind: Kind, namespace: str, label_selector: str, accept: str, read: _Read[_Item]
    ) -> tuple[_Item, ...]:
        for _ in range(2):
            found = self._list_once(kind, namespace, label_selector, accept, read)
            if found is not None:
                return found
        raise ListExpired(
            f"the list of {kind.plural} in namespace {namespace} expired twice before its end; "
            "nothing is concluded from a part of it. The API server is slow or compacts its history early."
        )

    def read_namespace(self, name: str) -> Namespace | None:
        live = self.get(_NAMESPACE, "", name)
        if live is None:
            return None
        phase = (live.body.get("status") or {}).get("phase")
        return Namespace(
            name=name,
            labels=live.labels,
            deleting=live.deleting or phase == "Terminating",
            uid=live.uid,
        )

    def read_server_version(self) -> str:
        answer = self._transport.send(Request(method="GET", path="/version"))
        if answer.status >= 400 or "gitVersion" not in answer.body:
            raise ClusterError(
                f"the server at {self.server} does not say which Kubernetes it is (status {answer.status})."
            )
        return str(answer.body["gitVersion"])

    def can(self, verb: str, kind: Kind, namespace: str, name: str = "") -> bool:
        attributes = {
            "verb": verb,
            "group": kind.group,
            "resource": kind.plural,
            "namespace": namespace,
            "name": name,
        }
        body = self._review(_ACCESS_REVIEW, {"spec": {"resourceAttributes": attributes}})
        return bool((body.get("status") or {}).get("allowed"))

    def read_identity(self) -> Identity:
        try:
            status = self._review(_SELF_REVIEW, {}).get("status") or {}
        except KindMissing:
            # Kubernetes before 1.28 does not tell.
            return Identity(user="", groups=())
        info = status.get("userInfo") or {}
        return Identity(user=str(info.get("username", "")), groups=tuple(info.get("groups") or ()))

    def read_log(self, pod: ObjectKey, container: str, *, previous: bool, lines: int) -> str:
        answer = self._transport.send(
            Request(
                method="GET",
                path=f"{_path(pod.kind, pod.namespace, pod.name)}/log",
                query={
                    "container": container,
                    "previous": "true" if previous else "false",
                    "tailLines": str(lines),
                    "limitBytes": str(_LOG_BYTES),
                },
            )
        )
        if answer.status < 400:
            return answer.text
        error = read_error(answer, self._call("get", _POD_LOG, pod.namespace, pod.name))
        if isinstance(error, RightMissing):
            raise error
        # What else is answered speaks of the node and of runs that are forgotten: there is no log to be had.
        return ""

    def _list_once(
        self, kind: Kind, namespace: str, label_selector: str, accept: str, read: _Read[_Item]
    ) -> tuple[_Item, ...] | None:
        """None if the continuation expired on the way."""
        found: list[_Item] = []
        query = {"limit": str(self._page)}
        if label_selector:
            query["labelSelector"] = label_selector
        while True:
            answer = self._transport.send(
                Request(method="GET", path=_path(kind, namespace), query=query, accept=accept)
            )
            if answer.status == 410:
                return None
            if answer.status >= 400:
                raise read_error(answer, self._call("list", kind, namespace))
            # An answer that is no list holds no items, and must not pass for an empty one.
            items = _demand(answer, "items", self.server)["items"]
            found.extend(read(item, kind) for item in items or ())
            token = (answer.body.get("metadata") or {}).get("continue")
            if not token:
                return tuple(found)
            query = {**query, "continue": str(token)}

    def _review(self, kind: Kind, body: Mapping[str, Any]) -> Mapping[str, Any]:
        # A review stores nothing, so asking again is safe.
        answer = self._transport.send(
            Request(
                method="POST",
                path=_path(kind, ""),
                body={"apiVersion": kind.api_version, "kind": kind.name, **body},
            )
        )
        if answer.status >= 400:
            raise read_error(answer, self._call("create", kind, ""))
        return answer.body

    def _call(self, verb: str, kind: Kind, namespace: str, name: str = "") -> Call:
        return Call(server=self.server, verb=verb, kind=kind, namespace=namespace, name=name)


class RestWriter:
    """Implements ClusterWriter; over a DryRunTransport it stores nothing."""

    def __init__(self, transport: Transport, permit: Permit | None = None) -> None:
        self._transport = transport
        self._permit = permit

    def guard(self, permit: Permit) -> RestWriter:
        return RestWriter(self._transport, permit)

    def create(self, kind: Kind, namespace: str, body: Body) -> LiveObject:
        name = str((body.get("metadata") or {}).get("name", ""))
        request = Request(
            method="POST",
            path=_path(kind, namespace),
            query={"fieldManager": MANAGER, "fieldValidation": "Strict"},
            body=body,
            repeatable=False,
        )
        return self._send(request, "create", ObjectKey(kind=kind, namespace=namespace, name=name))

    def replace(self, key: ObjectKey, body: Body) -> LiveObject:
        request = Request(
            method="PUT",
            path=_path(key.kind, key.namespace, key.name),
            query={"fieldManager": MANAGER, "fieldValidation": "Strict"},
            body=body,
        )
        return self._send(request, "update", key)

    def apply(
        self,
        key: ObjectKey,
        body: Body,
        *,
        manager: str,
        force: bool = False,
        uid: str = "",
        resource_version: str = "",
    ) -> LiveObject:
        preconditions = {"uid": uid, "resourceVersion": resource_version}
        if given := {name: value for name, value in preconditions.items() if value}:
            body = {**body, "metadata": {**(body.get("metadata") or {}), **given}}
        request = Request(
            method="PATCH",
            path=_path(key.kind, key.namespace, key.name),
            query={
                "fieldManager": manager,
                # Merging holds each field to the schema in any case; strict validation would read the body
                # once more, for duplicate keys, which JSON made of a mapping cannot have.
                "fieldValidation": "Ignore",
                "force": "true" if force else "false",
            },
            # JSON is YAML, and the only content type that server-side apply takes everywhere.
            body=body,
            content_type="application/apply-patch+yaml",
            accept=METADATA,
            bulk=True,
        )
        return self._send(request, "patch", key)

    def delete(
        self, key: ObjectKey, *, uid: str, resource_version: str, propagation: str = "Background"
    ) -> None:
        request = Request(
            method="DELETE",
            path=_path(key.kind, key.namespace, key.name),
            body={
                "apiVersion": "v1",
                "kind": "DeleteOptions",
                "propagationPolicy": propagation,
                "preconditions": {"uid": uid, "resourceVersion": resource_version},
            },
            accept=METADATA,
            bulk=True,
        )
        self._ask(request, "delete", key)

    def _send(self, request: Request, verb: str, key: ObjectKey) -> LiveObject:
        answer = self._ask(request, verb, key)
        return read_object(_demand(answer, "metadata", self._transport.server, written=True), key.kind)

    def _ask(self, request: Request, verb: str, key: ObjectKey) -> Answer:
        answer = self._transport.send(replace(request, permit=self._permit))
        if answer.status < 400:
            return answer
        raise read_error(
            answer,
            Call(
                server=self._transport.server,
                verb=verb,
                kind=key.kind,
                namespace=key.namespace,
                name=key.name,
            ),
        )


def _demand(answer: Answer, part: str, server: str, *, written: bool = False) -> Mapping[str, Any]:
    """The body, which must hold this part. Whatever lacks it was not said by an API server."""
    if part not in answer.body:
        raise ClusterUnreachable(
            server,
            f"answered {answer.status} with what no API server says; is a proxy in between?",
            tries=answer.tries,
            seconds=answer.seconds,
            unseen=written,
        )
    return answer.body


def _path(kind: Kind, namespace: str, name: str = "") -> str:
    root = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
    scope = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}{scope}/{kind.plural}{f'/{name}' if name else ''}"
