"""The identity of a target's ApplySet: which parent object speaks for which members."""

from __future__ import annotations

import base64
import hashlib


def parent_name(environment: str) -> str:
    """The name of the ConfigMap that is the ApplySet parent of an environment's target."""
    return f"modelsync-{environment}"


def applyset_id(name: str, namespace: str, kind: str = "ConfigMap", group: str = "") -> str:
    """The ApplySet ID of a parent object: a label value of 57 characters.

    It follows the ApplySet specification (KEP-3659) as kubectl computes it, so that kubectl's own tools
    recognise our parent: unpadded URL-safe base64 of the SHA-256 of `<name>.<namespace>.<kind>.<group>`.
    `group` is empty for the core group; the dot before it stays.
    """
    digest = hashlib.sha256(f"{name}.{namespace}.{kind}.{group}".encode()).digest()
    return f"applyset-{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}-v1"
