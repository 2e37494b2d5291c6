"""What modelsync needs of a cluster's API server: reading, writing, and the ways in which they fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from reconciler.state.objects import Body, Kind, LiveObject, ObjectKey
from reconciler.state.observations import Namespace

PARALLEL = 16
"""How many requests a run sends to one API server at once, and so how many connections are kept.

Enough that a distant server is not waited for one object at a time, and a small part of the 400 that a
server answers at once by default (kube-apiserver, --max-requests-inflight).
"""


class ClusterError(Exception):
    """Base of all that may go wrong at the API server. The text is for people.

    `unseen` says that what was asked for may have been done all the same: an answer was lost on the way.
    """

    unseen: bool = False


class ClusterMisconfigured(ClusterError):
    """The kubeconfig, context or credentials cannot be used; trying again will not help."""


class Unauthenticated(ClusterMisconfigured):
    """The API server does not accept the credentials."""


class ClusterUnreachable(ClusterError):
    """No answer, or none that decides: `server` is its address, `tries` and `seconds` what it took."""

    def __init__(self, server: str, detail: str, *, tries: int, seconds: float, unseen: bool = False) -> None:
        self.server = server
        self.tries = tries
        self.seconds = seconds
        self.unseen = unseen
        spent = f"{tries} tries over {seconds:.0f} s" if tries > 1 else f"1 try, {seconds:.0f} s"
        super().__init__(f"the API server at {server} {detail} ({spent}).")


class Throttled(ClusterUnreachable):
    """The API server kept asking to come back later."""


class RightMissing(ClusterError):
    """The caller may not do this. `user` is who the API server took the caller for, if it said so."""

    def __init__(
        self, verb: str, resource: str, group: str, namespace: str, *, user: str = "", detail: str = ""
    ) -> None:
        self.verb = verb
        self.resource = resource
        self.group = group
        self.namespace = namespace
        self.user = user
        who = user or "the caller"
        where = f" in namespace {namespace}" if namespace else ""
        named = f"{resource}.{group}" if group else resource
        said = f" The API server said: {detail}" if detail else ""
        super().__init__(
            f"{who} may not {verb} {named}{where}; the Role of this target needs "
            f'{{apiGroups: ["{group}"], resources: [{resource}], verbs: [{verb}]}}. '
            f"Grant it there, or run with an account that has it.{said}"
        )


_BRINGS: Mapping[str, str] = {
    "machinelearning.seldon.io": "Seldon Core's operator (its chart brings the definition)",
    "monitoring.coreos.com": "the Prometheus operator",
    "networking.istio.io": "Istio",
    "security.istio.io": "Istio",
}


class KindMissing(ClusterError):
    """The API server does not know the kind: its CustomResourceDefinition is not installed."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        super().__init__(
            f"{kind.name} ({kind.api_version}) is not known to the API server: "
            f"the CustomResourceDefinition {kind.plural}.{kind.group} is missing or does not serve "
            f"{kind.version}. Install {_BRINGS.get(kind.group, 'what brings it')}, "
            "or point at the cluster that has it."
        )


class NamespaceMissing(ClusterError):
    """There is no such namespace."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        super().__init__(
            f"namespace {namespace} does not exist in this cluster. Its owner creates and labels it; "
            "the usual other cause is the wrong cluster or context."
        )


class NamespaceTerminating(ClusterError):
    """The namespace is being deleted, so nothing can be created in it."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        super().__init__(
            f"namespace {namespace} is being deleted; nothing can be created in it "
            "until it is gone and made anew."
        )


class WebhookUnavailable(ClusterError):
    """An admission webhook that must be asked did not answer: the operator is down or restarting."""

    def __init__(self, key: ObjectKey, detail: str) -> None:
        self.key = key
        super().__init__(
            f"{key} could not be checked: an admission webhook did not answer ({detail}). "
            "The Seldon operator is probably down or restarting; the next run tries again."
        )


class ObjectError(ClusterError):
    """Base of what concerns one object alone: others can go on. `detail` speaks without naming the object."""

    def __init__(self, key: ObjectKey, detail: str) -> None:
        self.key = key
        self.detail = detail
        super().__init__(f"{key} in namespace {key.namespace}: {detail}")


class NotFound(ObjectError):
    """The object does not exist."""


class AlreadyExists(ObjectError):
    """An object of this name exists already."""


class Conflict(ObjectError):
    """The object is not the one, or not in the version, that the write was decided on."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class FieldHolder:
    """A field manager and the fields (as `.spec.predictors`) that it holds."""

    manager: str
    fields: tuple[str, ...]


class FieldConflict(ObjectError):
    """Server-side apply would change fields that other managers hold."""

    def __init__(self, key: ObjectKey, holders: tuple[FieldHolder, ...]) -> None:
        self.holders = holders
        held = "; ".join(f'"{holder.manager}" holds {", ".join(holder.fields)}' for holder in holders)
        super().__init__(key, held)

    @property
    def managers(self) -> tuple[str, ...]:
        """The names of the other managers."""
        return tuple(holder.manager for holder in self.holders)


class Invalid(ObjectError):
    """The API server or its webhook refuses the body; `causes` name the fields where it says which."""

    def __init__(self, key: ObjectKey, detail: str, causes: tuple[str, ...] = ()) -> None:
        self.causes = causes
        super().__init__(key, detail)


class ListExpired(ClusterError):
    """A list could not be finished: its continuation expired twice. A part of it proves nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the API server takes the caller for."""

    user: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectMetadata:
    """What identifies an object and tells that it moved, without what it asks for.

    A `resource_version` that is as it was means that the object is as it was, its status included.
    """

    key: ObjectKey
    uid: str
    resource_version: str
    generation: int
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    deleting: bool
    finalizers: tuple[str, ...] = ()


class ClusterReader(Protocol):
    """Reads. Every call ends within the client's budget of time, or raises ClusterUnreachable."""

    @property
    def server(self) -> str:
        """The API server's address, as messages name it."""

    @property
    def requests(self) -> int:
        """How many requests were sent so far, failed tries and writes over the same connection included."""

    @property
    def requests_by_answer(self) -> Mapping[tuple[str, int], int]:
        """The same by HTTP method and status of the answer; 0 stands for those that got none."""

    def get(self, kind: Kind, namespace: str, name: str) -> LiveObject | None:
        """The object, or None. Raises KindMissing, RightMissing."""

    def list(self, kind: Kind, namespace: str, *, label_selector: str = "") -> tuple[LiveObject, ...]:
        """All objects of the kind in the namespace (empty: in all), sorted by name: complete, or an error.

        Raises KindMissing, RightMissing, ListExpired.
        """

    def list_metadata(
        self, kind: Kind, namespace: str, *, label_selector: str = ""
    ) -> tuple[ObjectMetadata, ...]:
        """As `list`, of metadata alone: the API server sends nothing else of the objects.

        Raises KindMissing, RightMissing, ListExpired.
        """

    def read_namespace(self, name: str) -> Namespace | None:
        """The namespace, or None. Raises RightMissing."""

    def read_server_version(self) -> str:
        """The API server's version, such as `v1.36.3`."""

    def can(self, verb: str, kind: Kind, namespace: str, name: str = "") -> bool:
        """Whether the caller may do this (SelfSubjectAccessReview); `name` narrows it to one object."""

    def read_identity(self) -> Identity:
        """Who the caller is (SelfSubjectReview; Kubernetes 1.28 or later, else the user is empty)."""

    def read_log(self, pod: ObjectKey, container: str, *, previous: bool, lines: int) -> str:
        """The last lines that a container wrote, in its run before this one if `previous`.

        Empty where there are none any more, or the node cannot be asked. Raises RightMissing.
        """


Permit = Callable[[], float]
"""Asked before each try of a write, with whatever a run waited for behind it: in how many seconds the try is
to end. Raises a ClusterError where none may begin any more.
"""


class ClusterWriter(Protocol):
    """Writes. Besides the errors named, all may raise RightMissing, KindMissing, NamespaceMissing,
    NamespaceTerminating, WebhookUnavailable, Invalid and ClusterUnreachable.
    """

    def guard(self, permit: Permit) -> ClusterWriter:
        """The same writer, no try of which begins without this permit; what it raises ends the write."""

    def create(self, kind: Kind, namespace: str, body: Body) -> LiveObject:
        """Make an object. Raises AlreadyExists."""

    def replace(self, key: ObjectKey, body: Body) -> LiveObject:
        """Put the body in place of the object; `metadata.resourceVersion` in it is a precondition.

        Raises Conflict, NotFound.
        """

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
        """Server-side apply as `manager`, unknown fields refused. The answer's body holds metadata alone.

        `uid` and `resource_version`, where given, are preconditions. With `force` fields are taken from
        other managers. Raises FieldConflict, Conflict.
        """

    def delete(
        self, key: ObjectKey, *, uid: str, resource_version: str, propagation: str = "Background"
    ) -> None:
        """Delete exactly this object in exactly this version. Raises NotFound, Conflict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One API server. `dry_run` checks what `writer` would do, webhooks included, and stores nothing.

    `namespace` is the caller's own: the context's, or the Pod's. `open_part` gives the same cluster over the
    same connections, whose reader counts the requests of that part alone.
    """

    reader: ClusterReader
    writer: ClusterWriter
    dry_run: ClusterWriter
    open_part: Callable[[], Cluster]
    namespace: str = "default"
