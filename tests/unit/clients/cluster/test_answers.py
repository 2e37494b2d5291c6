"""Refusals of the API server, as errors of the port. The bodies are what a real one (1.36) says."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.clients.cluster.answers import Call, read_error
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
    RightMissing,
    Throttled,
    Unauthenticated,
    WebhookUnavailable,
)
from reconciler.clients.cluster.transport import Answer
from reconciler.state.objects import SELDON_DEPLOYMENT

CALL = Call(
    server="10.0.0.1", verb="patch", kind=SELDON_DEPLOYMENT, namespace="wines-production", name="wines"
)


def refuse(
    status: int, message: str = "", *, reason: str = "", text: str = "", **details: Any
) -> ClusterError:
    body = {"kind": "Status", "message": message, "reason": reason, "details": details} if not text else {}
    return read_error(Answer(status=status, body=body, text=text), CALL)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (refuse(401, "Unauthorized"), Unauthenticated),
        (refuse(404, text="404 page not found"), KindMissing),
        (refuse(404, name="wines", kind="seldondeployments"), NotFound),
        (refuse(404, name="wines-production", kind="namespaces"), NamespaceMissing),
        (refuse(409, reason="AlreadyExists"), AlreadyExists),
        (refuse(409, "the object has been modified", reason="Conflict"), Conflict),
        (refuse(422, "is invalid", causes=[{"field": "metadata.uid", "message": "immutable"}]), Conflict),
        (refuse(403, "x", causes=[{"reason": "NamespaceTerminating"}]), NamespaceTerminating),
        (refuse(403, "exceeded quota: models, requested: 1, used: 5, limited: 5"), Invalid),
        (refuse(422, "admission webhook denied the request"), Invalid),
        (refuse(413, "Request entity too large"), Invalid),
        (refuse(429), Throttled),
        (refuse(500, "etcdserver: leader changed"), ClusterUnreachable),
        (refuse(504, text="gateway timeout"), ClusterUnreachable),
    ],
)
def test_each_refusal_has_its_class(error: ClusterError, expected: type[ClusterError]) -> None:
    assert type(error) is expected


def test_a_missing_right_says_which_for_whom_and_how_to_grant_it() -> None:
    error = refuse(
        403,
        'seldondeployments.machinelearning.seldon.io "wines" is forbidden: User '
        '"system:serviceaccount:w:sync" cannot patch resource "seldondeployments" in API group '
        '"machinelearning.seldon.io" in the namespace "wines-production"',
    )

    assert isinstance(error, RightMissing)
    assert (error.user, error.verb, error.resource) == (
        "system:serviceaccount:w:sync",
        "patch",
        "seldondeployments",
    )
    assert "may not patch seldondeployments.machinelearning.seldon.io in namespace wines-production" in str(
        error
    )
    assert (
        '{apiGroups: ["machinelearning.seldon.io"], resources: [seldondeployments], verbs: [patch]}'
        in str(error)
    )


def test_a_field_conflict_names_each_manager_with_its_fields() -> None:
    error = refuse(
        409,
        "Apply failed with 3 conflicts",
        reason="Conflict",
        causes=[
            {
                "reason": "FieldManagerConflict",
                "message": 'conflict with "kubectl-edit" using machinelearning.seldon.io/v1',
                "field": ".spec.predictors",
            },
            {
                "reason": "FieldManagerConflict",
                "message": 'conflict with "deployer"',
                "field": ".metadata.labels.team",
            },
            {
                "reason": "FieldManagerConflict",
                "message": 'conflict with "kubectl-edit" using v1',
                "field": ".spec.protocol",
            },
        ],
    )

    assert isinstance(error, FieldConflict)
    assert error.holders == (
        FieldHolder(manager="deployer", fields=(".metadata.labels.team",)),
        FieldHolder(manager="kubectl-edit", fields=(".spec.predictors", ".spec.protocol")),
    )


def test_a_webhook_that_failed_is_told_apart_from_one_that_denied() -> None:
    failed = refuse(
        500,
        'Internal error occurred: failed calling webhook "v1.vseldondeployment.kb.io": failed to call '
        'webhook: Post "https://seldon-webhook-service.seldon-system.svc:443": dial tcp: connect: '
        "connection refused",
    )
    denied = refuse(422, 'admission webhook "v1.vseldondeployment.kb.io" denied the request: sum is not 100')

    assert isinstance(failed, WebhookUnavailable)
    assert "connection refused" in str(failed)
    assert isinstance(denied, Invalid)
    assert "sum is not 100" in denied.detail


def test_a_body_that_does_not_fit_the_schema_is_the_bodys_fault_whatever_the_status() -> None:
    error = refuse(
        500,
        "failed to create typed patch object (w/wines; machinelearning.seldon.io/v1, Kind=SeldonDeployment): "
        ".spec.nonsense: field not declared in schema",
    )

    assert isinstance(error, Invalid)
    assert error.detail == ".spec.nonsense: field not declared in schema"


def test_the_causes_of_an_invalid_body_are_named_once_each() -> None:
    cause = {"field": "spec.predictors[0].name", "message": "Required value"}
    error = refuse(422, "is invalid", causes=[cause, cause])

    assert isinstance(error, Invalid)
    assert error.causes == ("spec.predictors[0].name: Required value",)
