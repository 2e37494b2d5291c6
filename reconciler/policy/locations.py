"""Where a cluster finds the artifacts that a registry names: the longest matching prefix decides."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reconciler.state.declarations import ArtifactMapping

# None of these is a remote of the storage initializer, whatever is configured (they are MLflow's words).
_UNREADABLE_SCHEMES = frozenset(
    {
        "models",
        "runs",
        "mlflow-artifacts",
        "file",
        "dbfs",
        "wasb",
        "wasbs",
        "abfs",
        "abfss",
        "hdfs",
        "http",
        "https",
    }
)

_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9_.+-]*):(?P<rest>.*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """A location that the storage initializer can read: a URI, and the name of the Secret it needs."""

    uri: str
    secret: str | None
    mapping: ArtifactMapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmapped:
    """A location that the cluster cannot read: why, as a clause about the location, and what to do."""

    reason: str
    advice: str


def map_location(source: str, registry: str, mappings: tuple[ArtifactMapping, ...]) -> Mapped | Unmapped:
    """Translate a registry's storage location into one that the cluster can read.

    Of the mappings for this registry the one with the longest prefix wins; of equal ones the first. A
    prefix ends at a `/`, so `s3://models` does not stand for `s3://models-dev`.
    """
    faulty = _find_fault(source)
    if faulty is not None:
        return faulty
    best: tuple[ArtifactMapping, str] | None = None
    for mapping in mappings:
        rest = _strip_prefix(source, mapping.from_) if mapping.registry == registry else None
        if rest is not None and (best is None or len(mapping.from_) > len(best[0].from_)):
            best = mapping, rest
    if best is None:
        example = f'{{registry: {registry}, from: "{_root(source)}", to: …}}'
        return Unmapped(
            reason=f"no entry of artifacts: for registry {registry} stands for {source}",
            advice=f"Add one to artifacts:, such as {example}.",
        )
    mapping, rest = best
    return _check_result(f"{mapping.to.rstrip('/')}/{rest}" if rest else mapping.to, mapping)


def _find_fault(source: str) -> Unmapped | None:
    scheme = scheme_of(source)
    if scheme in {"runs", "models"}:
        return Unmapped(
            reason=f"{source} names no place in a store but another entry of the registry",
            advice="Register the model again with a current MLflow client, so that the place is recorded.",
        )
    if scheme is None:
        return Unmapped(
            reason=f"{source} is a path on somebody's machine",
            advice="Log the model to a shared artifact store and register it from there.",
        )
    if ".." in source.split("/") or "\n" in source:
        return Unmapped(
            reason=f"{source!r} leaves the folder that it names",
            advice="Register the model under its plain location.",
        )
    return None


def _strip_prefix(source: str, prefix: str) -> str | None:
    """What follows a prefix that ends at a `/`; None if it does not lead to `source`."""
    if not prefix or not source.startswith(prefix):
        return None
    rest = source[len(prefix) :]
    if rest and not prefix.endswith("/"):
        if not rest.startswith("/"):
            return None
        rest = rest[1:]
    # "mlflow-artifacts:/" is no prefix of "mlflow-artifacts://host/…": that names another server.
    return None if rest.startswith("/") else rest


def _check_result(uri: str, mapping: ArtifactMapping) -> Mapped | Unmapped:
    scheme = scheme_of(uri)
    if scheme is None or scheme in _UNREADABLE_SCHEMES:
        return Unmapped(
            reason=f'the entry from "{mapping.from_}" of artifacts: leads to {uri}, '
            "which the storage initializer cannot read",
            advice="Let its to: name a remote of the storage initializer, such as s3://bucket/path or pvc://claim/path.",
        )
    return Mapped(uri=uri, secret=mapping.secret, mapping=mapping)


def scheme_of(uri: str) -> str | None:
    """The scheme of a location in lower case; None of a plain path (also `C:\\…`)."""
    match = _SCHEME.match(uri)
    if match is None or len(match["scheme"]) == 1:
        return None
    return match["scheme"].lower()


def _root(source: str) -> str:
    """A prefix that a person would map: scheme and host or bucket."""
    match = re.match(r"[^:]+:(//[^/]*/?|/)?", source)
    return match[0] if match else source
