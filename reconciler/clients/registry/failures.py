"""What a failed question to MLflow means, from error codes and causes, never from its wording."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from reconciler.clients.registry.interface import (
    NotFound,
    RegistryError,
    RegistryRefused,
    RegistryUnreachable,
)

_CREDENTIALS = (
    "set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, "
    "to those of an account that may read it."
)
_UNAUTHENTICATED = frozenset({"UNAUTHENTICATED", "CUSTOMER_UNAUTHORIZED"})
_MISSING = frozenset({"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"})
_PASSING = frozenset(
    {
        "INTERNAL_ERROR",
        "TEMPORARILY_UNAVAILABLE",
        "DEADLINE_EXCEEDED",
        "REQUEST_LIMIT_EXCEEDED",
        "RESOURCE_EXHAUSTED",
        "ABORTED",
        "CANCELLED",
        "DATA_LOSS",
        "INVALID_STATE",
    }
)


class QuestionRefused(RegistryRefused):
    """The server does not take this question from anybody; another one may do."""


def translate(error: Exception, server: str, what: str, *, by_mlflow: bool = True) -> RegistryError:
    """The port's error for one of MLflow or of its HTTP library.

    `what` was asked for; `by_mlflow` tells whether the server answered in MLflow's own form.
    """
    import requests

    # MLflow wraps what the HTTP library raised, sometimes without saying so.
    cause = error if isinstance(error, requests.RequestException) else error.__cause__ or error.__context__
    if isinstance(cause, requests.RequestException):
        return _translate_transport(cause, server)
    code: str = getattr(error, "error_code", "")
    if code in _UNAUTHENTICATED:
        return RegistryRefused(f"the registry at {server} does not accept the credentials; {_CREDENTIALS}")
    if code == "PERMISSION_DENIED":
        return RegistryRefused(
            f"the registry at {server} does not let this caller read {what}; {_CREDENTIALS}"
        )
    if code in _MISSING:
        return NotFound(f"the registry at {server} does not know {what}.")
    if not by_mlflow:
        # An MLflow server says what is wrong in JSON; this was another program's page.
        return QuestionRefused(
            f"the registry at {server} does not answer like an MLflow server when asked for {what} ({code}); "
            "check MLFLOW_TRACKING_URI, and any proxy between."
        )
    if code in _PASSING:
        return RegistryUnreachable(server, f"failed to answer for {what} ({code}); its log says why.")
    return QuestionRefused(f"the registry at {server} refused the question for {what}: {_first_line(error)}")


def translate_http(status: int, server: str, what: str) -> RegistryError:
    """The port's error for a plain HTTP status."""
    if status == HTTPStatus.UNAUTHORIZED:
        return RegistryRefused(f"the registry at {server} does not accept the credentials; {_CREDENTIALS}")
    if status == HTTPStatus.FORBIDDEN:
        return RegistryRefused(
            f"the registry at {server} does not let this caller read {what}; {_CREDENTIALS}"
        )
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(f"the registry at {server} does not have {what}.")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        return RegistryUnreachable(server, f"answered {status} for {what}.")
    return RegistryRefused(f"the registry at {server} refused {what} (HTTP {status}).")


def _translate_transport(cause: Any, server: str) -> RegistryError:
    import requests

    if isinstance(cause, requests.exceptions.SSLError):
        return RegistryRefused(
            f"the registry at {server} shows a certificate that is not trusted, or speaks no TLS; "
            "set MLFLOW_TRACKING_SERVER_CERT_PATH to its CA, or check the address."
        )
    if isinstance(cause, requests.exceptions.InvalidURL):
        return RegistryRefused(
            f"the registry's address {server} is not a valid URL; check MLFLOW_TRACKING_URI."
        )
    if isinstance(cause, requests.exceptions.Timeout):
        return RegistryUnreachable(server, "did not answer in time.")
    if isinstance(cause, requests.exceptions.RetryError):
        return RegistryUnreachable(server, "kept answering with errors of its own; its log says why.")
    return RegistryUnreachable(server, "could not be reached: no connection.")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:300]
