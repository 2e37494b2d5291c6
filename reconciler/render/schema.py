"""The schema of the rendered kind, with unknown fields forbidden."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from jsonschema_rs import Draft202012Validator, ValidationError

from reconciler.state.objects import Body

_SCHEMA = "schemas/seldondeployment.v1.schema.json"


class InvalidManifest(Exception):
    """A rendered manifest breaks the schema of its kind: a defect of the templates, not of a declaration."""


def check_body(deployment: str, body: Body) -> None:
    """Check a SeldonDeployment's body; raises InvalidManifest with all faults of `deployment`'s."""
    if _validator().is_valid(body):
        return
    faults = sorted(f"{_show_path(error)}: {error.message}" for error in _validator().iter_errors(body))
    raise InvalidManifest(f"{deployment}: the rendered SeldonDeployment is not valid: " + "; ".join(faults))


def _show_path(error: ValidationError) -> str:
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.instance_path)
    return path.removeprefix(".") or "the whole"


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(files("reconciler.render").joinpath(_SCHEMA).read_bytes()))
