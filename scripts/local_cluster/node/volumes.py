"""A Pod's volumes as folders on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scripts.local_cluster.node.environment import CONFIG_MAP, SECRET, Source, read_field

# What the API server adds to each Pod so that its programs may call the API server; none here does.
_API_ACCESS = "kube-api-access-"


class MountError(Exception):
    """A volume cannot be made ready. The text is the kubelet's for the same fault."""


def volume_sources(pod: Mapping[str, Any]) -> tuple[Source, ...]:
    """The Secrets and ConfigMaps that a Pod's volumes hold."""

    def find() -> Iterator[Source]:
        for volume in _real_volumes(pod):
            for part in _parts(volume):
                if "secret" in part:
                    yield Source(kind=SECRET, name=_name(part["secret"]))
                if "configMap" in part:
                    yield Source(kind=CONFIG_MAP, name=_name(part["configMap"]))

    return tuple(dict.fromkeys(find()))


def make_volumes(
    pod: Mapping[str, Any],
    folder: Path,
    *,
    address: str,
    sources: Mapping[Source, Mapping[str, str] | None],
) -> dict[str, Path]:
    """Make a folder in `folder` for each volume and fill it; the folders by the volumes' names.

    Volumes that a program of the Pod fills (emptyDir) start empty and keep what they have over restarts.
    Raises MountError for a Secret or ConfigMap that is missing and for kinds that this node does not have.
    """
    made: dict[str, Path] = {}
    for volume in _real_volumes(pod):
        place = folder / volume["name"]
        place.mkdir(parents=True, exist_ok=True)
        for part in _parts(volume):
            for path, content in _files(volume["name"], part, pod, address, sources).items():
                file = place / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(content, encoding="utf-8")
        made[volume["name"]] = place
    return made


def _real_volumes(pod: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    volumes = pod["spec"].get("volumes", ())
    return tuple(volume for volume in volumes if not volume["name"].startswith(_API_ACCESS))


def _parts(volume: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    if "projected" in volume:
        return tuple(volume["projected"].get("sources", ()))
    return (volume,)


def _name(source: Mapping[str, Any]) -> str:
    # A Secret volume says secretName where all others, a projected Secret too, say name.
    return str(source.get("secretName") or source["name"])


def _files(
    volume: str,
    part: Mapping[str, Any],
    pod: Mapping[str, Any],
    address: str,
    sources: Mapping[Source, Mapping[str, str] | None],
) -> dict[str, str]:
    if "emptyDir" in part:
        return {}
    if "downwardAPI" in part:
        return {item["path"]: _downward(item, pod, address) for item in part["downwardAPI"].get("items", ())}
    for key, kind in (("secret", SECRET), ("configMap", CONFIG_MAP)):
        if key in part:
            return _object_files(volume, part[key], Source(kind=kind, name=_name(part[key])), sources)
    kinds = ", ".join(key for key in part if key != "name")
    raise MountError(f'MountVolume.SetUp failed for volume "{volume}" : this node has no volumes of {kinds}')


def _object_files(
    volume: str,
    reference: Mapping[str, Any],
    source: Source,
    sources: Mapping[Source, Mapping[str, str] | None],
) -> dict[str, str]:
    data = sources[source]
    if data is None:
        if reference.get("optional"):
            return {}
        raise MountError(
            f'MountVolume.SetUp failed for volume "{volume}" : '
            f'{source.kind.lower()} "{source.name}" not found'
        )
    if "items" not in reference:
        return dict(data)
    missing = [item["key"] for item in reference["items"] if item["key"] not in data]
    if missing and not reference.get("optional"):
        raise MountError(
            f'MountVolume.SetUp failed for volume "{volume}" : references non-existent '
            f"{source.kind.lower()} key: {missing[0]}"
        )
    return {item["path"]: data[item["key"]] for item in reference["items"] if item["key"] in data}


def _downward(item: Mapping[str, Any], pod: Mapping[str, Any], address: str) -> str:
    path = item.get("fieldRef", {}).get("fieldPath", "")
    if path in ("metadata.labels", "metadata.annotations"):
        entries = pod["metadata"].get(path.split(".")[1], {})
        return "\n".join(f"{key}={_quote(value)}" for key, value in sorted(entries.items()))
    return read_field(path, pod, address)


def _quote(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
