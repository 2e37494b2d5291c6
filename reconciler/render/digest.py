"""Digests of rendered manifests: equal digest means nothing to apply."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from reconciler.state.objects import COMMIT_ANNOTATION, DIGEST_ANNOTATION, Body, Manifest

# They say when an object was written, not what it is.
_UNCOUNTED = frozenset({COMMIT_ANNOTATION, DIGEST_ANNOTATION})


def digest_manifest(body: Body) -> str:
    """`sha256:` over the body as canonical JSON, without its commit and digest annotations.

    The order of mappings does not count, that of lists does.
    """
    metadata = body.get("metadata", {})
    annotations = {
        key: value for key, value in metadata.get("annotations", {}).items() if key not in _UNCOUNTED
    }
    return _digest({**body, "metadata": {**metadata, "annotations": annotations}})


def digest_manifests(manifests: Iterable[Manifest]) -> str:
    """The digest of all desired manifests of a target, in whatever order they come."""
    return _digest(
        sorted((str(manifest.key), manifest.key.namespace, manifest.digest) for manifest in manifests)
    )


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
