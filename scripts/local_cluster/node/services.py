"""What all Pods of a node share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.local_cluster.node.addresses import Addresses
from scripts.local_cluster.node.client import Client, persist
from scripts.local_cluster.node.environment import CONFIG_MAP, SECRET, Source, decode_secret
from scripts.local_cluster.node.events import Recorder
from scripts.local_cluster.node.images import Programs
from scripts.local_cluster.node.probes import Prober

_PATHS = {SECRET: "secrets", CONFIG_MAP: "configmaps"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The node's connections and settings.

    mark: the value of MODELSYNC_NODE in all its Pods' programs.
    back_off: seconds before the second restart of what keeps failing; each further one waits twice as long.
    """

    node: str
    folder: Path
    mark: str
    back_off: float
    client: Client
    recorder: Recorder
    prober: Prober
    addresses: Addresses
    programs: Programs


async def fetch_sources(
    services: Services, namespace: str, sources: Iterable[Source]
) -> dict[Source, Mapping[str, str] | None]:
    """What Secrets and ConfigMaps hold, as text; None for those that do not exist. Raises Refused."""
    found: dict[Source, Mapping[str, str] | None] = {}
    for source in sources:
        path = f"/api/v1/namespaces/{namespace}/{_PATHS[source.kind]}"
        # By a list, so that an object that is not there is no error.
        listed = await persist(
            services.client, "GET", path, query={"fieldSelector": f"metadata.name={source.name}"}
        )
        data = [item.get("data", {}) for item in listed["items"]]
        if not data:
            found[source] = None
        elif source.kind == SECRET:
            found[source] = decode_secret(data[0])
        else:
            found[source] = data[0]
    return found
