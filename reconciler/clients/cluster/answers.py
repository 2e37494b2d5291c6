"""Reads the API server's answers: objects, and refusals as errors of the port. Pure.

The shapes are those of metav1.Status (k8s.io/apimachinery): `reason` and `details.causes` are for
programs, `message` for people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.clients.cluster.interface import (
    AlreadyExists,
    ClusterError,
    ClusterUnreachable,
    Conflict,
    FieldConflict,
    FieldHolder,
    Invalid,
    KindMissing,
    NamespaceMissing,
    NamespaceTerminating,
    NotFound,
    ObjectMetadata,
    RightMissing,
    Throttled,
    Unauthenticated,
    WebhookUnavailable,
)
from reconciler.clients.cluster.transport import Answer
from reconciler.state.objects import Kind, LiveObject, ObjectKey
from reconciler.state.packing import pack

_DENIED = re.compile(r'User "(?P<user>[^"]*)" cannot (?P<verb>\w+) ')
_HOLDER = re.compile(r'conflict with "(?P<manager>[^"]*)"')
_WEBHOOK = "failed calling webhook"
# Server-side apply of a custom resource whose types do not fit ends as an internal error
# (k8s.io/apimachinery, managedfields/internal: structuredmerge.go).
_UNTYPED = "failed to create typed patch object"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What was asked for, in the words of rights. `name` is empty for lists."""

    server: str
    verb: str
    kind: Kind
    namespace: str
    name: str = ""

    @property
    def key(self) -> ObjectKey:
        return ObjectKey(kind=self.kind, namespace=self.namespace, name=self.name)


def read_object(body: Mapping[str, Any], kind: Kind) -> LiveObject:
    """The object that an answer holds."""
    seen = read_metadata(body, kind)
    return LiveObject(
        key=seen.key,
        uid=seen.uid,
        resource_version=seen.resource_version,
        generation=seen.generation,
        labels=seen.labels,
        annotations=seen.annotations,
        deleting=seen.deleting,
        # The items of a list of the API server's own kinds do not say what they are.
        body={"apiVersion": kind.api_version, "kind": kind.name, **body},
    )


def read_listed(body: Mapping[str, Any], kind: Kind) -> LiveObject:
    """The same of one among many, which are kept for the whole run."""
    live = read_object(body, kind)
    return replace(live, body=pack(live.body))


def read_metadata(body: Mapping[str, Any], kind: Kind) -> ObjectMetadata:
    """The metadata of an object, or of what stands for one in a PartialObjectMetadataList."""
    metadata = body.get("metadata") or {}
    return ObjectMetadata(
        key=ObjectKey(
            kind=kind, namespace=str(metadata.get("namespace", "")), name=str(metadata.get("name", ""))
        ),
        uid=str(metadata.get("uid", "")),
        resource_version=str(metadata.get("resourceVersion", "")),
        generation=int(metadata.get("generation") or 0),
        labels=dict(metadata.get("labels") or {}),
        annotations=dict(metadata.get("annotations") or {}),
        deleting="deletionTimestamp" in metadata,
        finalizers=tuple(str(name) for name in metadata.get("finalizers") or ()),
    )


def read_error(answer: Answer, call: Call) -> ClusterError:
    """The error that an answer of status 400 or above stands for."""
    error = _read_error(answer, call)
    # A server that failed does not know how far it came; one that refuses, or throttles, does.
    failed = answer.status >= 500 and type(error) is ClusterUnreachable and call.verb not in ("get", "list")
    error.unseen = answer.unseen or failed
    return error


def _read_error(answer: Answer, call: Call) -> ClusterError:
    message = str(answer.body.get("message") or answer.text or "no reason given")
    details = answer.body.get("details") or {}
    causes: tuple[Mapping[str, Any], ...] = tuple(details.get("causes") or ())
    if _WEBHOOK in message:
        return WebhookUnavailable(call.key, message.partition(_WEBHOOK)[2].strip(" :") or message)
    if answer.status == 401:
        return Unauthenticated(
            f"the API server at {call.server} does not accept the credentials; "
            "they are wrong or have expired. Check the user of the kubeconfig's context, or the token file."
        )
    if answer.status == 403:
        return _read_forbidden(message, causes, call)
    if answer.status == 404:
        return _read_absence(details, call)
    if answer.status == 409:
        return _read_conflict(answer, message, causes, call)
    if any(cause.get("field") == "metadata.uid" for cause in causes):
        # Server-side apply tells a wrong uid of a custom resource as a changed immutable field.
        return Conflict(call.key, "is not the object that this run looked at: it was made anew since")
    if _UNTYPED in message:
        return Invalid(call.key, message.rpartition("): ")[2])
    if answer.status == 429:
        return Throttled(call.server, "is overloaded", tries=answer.tries, seconds=answer.seconds)
    if answer.status in (400, 413, 415, 422):
        return Invalid(call.key, message, tuple(dict.fromkeys(_describe_cause(cause) for cause in causes)))
    return ClusterUnreachable(
        call.server,
        f"answered {answer.status} to {call.verb} {call.kind.plural}: {message}",
        tries=answer.tries,
        seconds=answer.seconds,
    )


def _read_forbidden(message: str, causes: tuple[Mapping[str, Any], ...], call: Call) -> ClusterError:
    if any(cause.get("reason") == "NamespaceTerminating" for cause in causes):
        return NamespaceTerminating(call.namespace)
    denied = _DENIED.search(message)
    if denied is None:
        # Admission (a quota, a policy) answers with the same status as a missing right.
        return Invalid(call.key, message)
    # An apply of a new object is denied for want of create, though what was sent is a patch.
    return RightMissing(
        denied["verb"], call.kind.plural, call.kind.group, call.namespace, user=denied["user"], detail=message
    )


def _read_absence(details: Mapping[str, Any], call: Call) -> ClusterError:
    if details.get("kind") == "namespaces" and call.kind.plural != "namespaces":
        return NamespaceMissing(call.namespace)
    # A kind that is not served answers without details; a missing object is named in them.
    if not details.get("name"):
        return KindMissing(call.kind)
    return NotFound(call.key, "does not exist")


def _read_conflict(
    answer: Answer, message: str, causes: tuple[Mapping[str, Any], ...], call: Call
) -> ClusterError:
    if answer.body.get("reason") == "AlreadyExists":
        return AlreadyExists(call.key, "exists already")
    fields: dict[str, list[str]] = {}
    for cause in causes:
        holder = _HOLDER.search(str(cause.get("message", "")))
        if cause.get("reason") == "FieldManagerConflict" and holder:
            fields.setdefault(holder["manager"], []).append(str(cause.get("field", "")))
    if fields:
        return FieldConflict(
            call.key,
            tuple(
                FieldHolder(manager=manager, fields=tuple(held)) for manager, held in sorted(fields.items())
            ),
        )
    return Conflict(call.key, message)


def _describe_cause(cause: Mapping[str, Any]) -> str:
    field, message = str(cause.get("field", "")), str(cause.get("message", ""))
    return f"{field}: {message}" if field else message
