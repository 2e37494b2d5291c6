"""A container's environment variables, from all the places where a Pod may take them."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SECRET = "Secret"  # noqa: S105  a kind of object
CONFIG_MAP = "ConfigMap"
_FIELDS = {
    "metadata.name": ("metadata", "name"),
    "metadata.namespace": ("metadata", "namespace"),
    "metadata.uid": ("metadata", "uid"),
    "spec.nodeName": ("spec", "nodeName"),
    "spec.serviceAccountName": ("spec", "serviceAccountName"),
}


class ConfigError(Exception):
    """A container cannot be made from its declaration. The text is the kubelet's for the same fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A Secret or ConfigMap in the Pod's namespace, by kind and name."""

    kind: str
    name: str


def needed_sources(container: Mapping[str, Any]) -> tuple[Source, ...]:
    """The Secrets and ConfigMaps that a container's variables come from."""

    def find() -> Iterator[Source]:
        for entry in container.get("envFrom", ()):
            for key, kind in (("secretRef", SECRET), ("configMapRef", CONFIG_MAP)):
                if key in entry:
                    yield Source(kind=kind, name=entry[key]["name"])
        for entry in container.get("env", ()):
            for key, kind in (("secretKeyRef", SECRET), ("configMapKeyRef", CONFIG_MAP)):
                reference = entry.get("valueFrom", {}).get(key)
                if reference is not None:
                    yield Source(kind=kind, name=reference["name"])

    return tuple(dict.fromkeys(find()))


def resolve(
    container: Mapping[str, Any],
    pod: Mapping[str, Any],
    *,
    address: str,
    sources: Mapping[Source, Mapping[str, str] | None],
) -> dict[str, str]:
    """The variables that a container's `envFrom` and `env` give, in this order; later ones win.

    sources: what each of `needed_sources` holds, as text; None for what does not exist.
    Raises ConfigError for a missing object or key that is not optional.
    """
    found: dict[str, str] = {}
    for entry in container.get("envFrom", ()):
        found.update(_take_all(entry, sources))
    for entry in container.get("env", ()):
        name = entry["name"]
        if "valueFrom" in entry:
            value = _take_one(entry["valueFrom"], pod, address, sources)
            if value is not None:
                found[name] = value
        else:
            found[name] = expand(entry.get("value", ""), found)
    return found


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Text with `$(NAME)` replaced by that variable; unknown ones stay, and `$$(NAME)` means `$(NAME)`."""

    def replace(match: re.Match[str]) -> str:
        if match.group().startswith("$$"):
            return match.group()[1:]
        return variables.get(match.group(1), match.group())

    return re.sub(r"\$?\$\(([^()]+)\)", replace, text)


def decode_secret(data: Mapping[str, str]) -> dict[str, str]:
    """A Secret's data as text; what is no UTF-8 cannot be in a variable and is replaced by marks."""
    return {key: base64.b64decode(value).decode("utf-8", errors="replace") for key, value in data.items()}


def read_field(path: str, pod: Mapping[str, Any], address: str) -> str:
    """A field of the Pod by its downward-API path. Raises ConfigError for one that there is not."""
    if path in ("status.podIP", "status.podIPs"):
        return address
    if path == "status.hostIP":
        return "127.0.0.1"
    if path in _FIELDS:
        section, key = _FIELDS[path]
        return str(pod[section].get(key, ""))
    match = re.fullmatch(r"metadata\.(labels|annotations)\['([^']+)'\]", path)
    if match is None:
        raise ConfigError(f"field {path} cannot be given to a container by this node")
    return str(pod["metadata"].get(match.group(1), {}).get(match.group(2), ""))


def _take_all(entry: Mapping[str, Any], sources: Mapping[Source, Mapping[str, str] | None]) -> dict[str, str]:
    key, kind = ("secretRef", SECRET) if "secretRef" in entry else ("configMapRef", CONFIG_MAP)
    source = Source(kind=kind, name=entry[key]["name"])
    data = sources[source]
    if data is None:
        if entry[key].get("optional"):
            return {}
        raise ConfigError(f'{kind.lower()} "{source.name}" not found')
    return {f"{entry.get('prefix', '')}{name}": value for name, value in data.items()}


def _take_one(
    origin: Mapping[str, Any],
    pod: Mapping[str, Any],
    address: str,
    sources: Mapping[Source, Mapping[str, str] | None],
) -> str | None:
    if "fieldRef" in origin:
        return read_field(origin["fieldRef"]["fieldPath"], pod, address)
    for key, kind in (("secretKeyRef", SECRET), ("configMapKeyRef", CONFIG_MAP)):
        reference = origin.get(key)
        if reference is None:
            continue
        data = sources[Source(kind=kind, name=reference["name"])]
        if data is not None and reference["key"] in data:
            return data[reference["key"]]
        if reference.get("optional"):
            return None
        if data is None:
            raise ConfigError(f'{kind.lower()} "{reference["name"]}" not found')
        namespace = pod["metadata"]["namespace"]
        raise ConfigError(f"couldn't find key {reference['key']} in {kind} {namespace}/{reference['name']}")
    raise ConfigError(f"a variable from {', '.join(origin)} cannot be given to a container by this node")
