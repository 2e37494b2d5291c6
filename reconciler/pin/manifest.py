"""What an `MLmodel` file says a server must be able to load. It comes from outside: nothing in it runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from reconciler.state.declarations import Loader

MANIFEST = "MLmodel"
MANIFEST_BYTES = 1024 * 1024
"""An MLmodel has a few KiB; a larger one is not read."""

_SIGNATURE_PARTS = ("inputs", "outputs", "params")
_CODE_KEYS = ("code", "code_path", "code_paths")


class ManifestError(Exception):
    """The MLmodel cannot be used. The text says what is wrong, to follow the version's name and a colon."""


def read_manifest(content: bytes) -> Loader:
    """Flavours with library version and serialization, MLflow and Python versions, and the signature.

    Keys of MLmodel: MLflow's documentation, "MLflow Models", storage format. Raises ManifestError.
    """
    values = _parse(content)
    flavours = values.get("flavors")
    if not isinstance(flavours, Mapping) or not flavours:
        raise ManifestError("its MLmodel names no flavours, so no server can tell how to load it.")
    python = flavours.get("python_function")
    return Loader.model_validate(
        {
            "flavours": {str(name): _read_flavour(str(name), of) for name, of in sorted(flavours.items())},
            "mlflow": _text(values.get("mlflow_version")),
            "python": _text(python.get("python_version")) if isinstance(python, Mapping) else None,
            "signature": _read_signature(values.get("signature")),
        }
    )


def _parse(content: bytes) -> Mapping[str, Any]:
    if len(content) > MANIFEST_BYTES:
        raise ManifestError(f"its MLmodel has {len(content)} bytes; at most {MANIFEST_BYTES} are read.")
    try:
        values = yaml.load(content, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ManifestError("its MLmodel is not YAML that can be read.") from error
    if not isinstance(values, Mapping):
        raise ManifestError("its MLmodel is not a mapping.")
    return values


def _read_flavour(name: str, flavour: object) -> Mapping[str, Any]:
    if not isinstance(flavour, Mapping):
        raise ManifestError(f"flavour {name} in its MLmodel is not a mapping.")
    said: dict[str, Any] = {}
    if "loader_module" in flavour:
        said["loader"] = _text(flavour["loader_module"])
    # Each flavour names the version of its library its own way: sklearn_version, xgb_version, …
    versions = sorted(key for key in flavour if str(key).endswith("_version") and key != "python_version")
    if versions:
        said["version"] = _text(flavour[versions[0]])
    if flavour.get("serialization_format") is not None:
        said["serialization"] = _text(flavour["serialization_format"])
    if any(flavour.get(key) for key in _CODE_KEYS):
        said["code"] = True
    return said


def _read_signature(signature: object) -> Mapping[str, Any] | None:
    if signature is None:
        return None
    if not isinstance(signature, Mapping):
        raise ManifestError("the signature in its MLmodel is not a mapping.")
    parts = {part: _read_part(part, signature.get(part)) for part in _SIGNATURE_PARTS}
    return {part: value for part, value in parts.items() if value is not None} or None


def _read_part(part: str, text: object) -> Any:
    """Each part of a signature is JSON in a string."""
    if text is None:
        return None
    try:
        # NaN and Infinity are no JSON and no YAML that all readers agree on.
        return freeze(json.loads(str(text), parse_constant=str))
    except (json.JSONDecodeError, RecursionError) as error:
        raise ManifestError(f"the signature's {part} in its MLmodel are not JSON.") from error


def freeze(value: Any) -> Any:
    """The same value with tuples in place of lists, as a file read back has it."""
    if isinstance(value, Mapping):
        return {str(key): freeze(inner) for key, inner in value.items()}
    return tuple(freeze(inner) for inner in value) if isinstance(value, (list, tuple)) else value


def _text(value: object) -> str | None:
    return None if value is None else str(value)
