"""Install the custom resource definitions in `crds/`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from scripts.local_cluster.api import AdminApi
from scripts.local_cluster.errors import ClusterError

FOLDER = Path(__file__).resolve().parent / "crds"
DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def read_crds(folder: Path = FOLDER) -> tuple[dict[str, Any], ...]:
    """The definitions in a folder, by file name."""
    return tuple(
        yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader) for file in sorted(folder.glob("*.yaml"))
    )


def install_crds(
    api: AdminApi, crds: Sequence[dict[str, Any]] | None = None, *, deadline: float = 20.0
) -> None:
    """Apply definitions server-side (they are too big for an annotation) and wait until each is served.

    crds: those in `crds/` when not given.
    Raises ClusterError when one is refused or not served within `deadline` seconds.
    """
    crds = read_crds() if crds is None else crds
    for crd in crds:
        api.apply(crd)
    end = time.monotonic() + deadline
    for crd in crds:
        while not is_served(api, crd):
            if time.monotonic() > end:
                raise ClusterError(
                    f"{crd['metadata']['name']}: not served {deadline:.0f} s after it was applied"
                )
            time.sleep(0.05)


def is_served(api: AdminApi, crd: dict[str, Any]) -> bool:
    """Whether objects of the definition can be asked for *and* discovery (kubectl goes by it) lists them."""
    spec = crd["spec"]
    version = spec["versions"][0]["name"]
    if api.request("GET", f"/apis/{spec['group']}/{version}/{spec['names']['plural']}?limit=1").status != 200:
        return False
    groups = api.request("GET", "/apis", accept=DISCOVERY)
    return any(group["metadata"]["name"] == spec["group"] for group in groups.body.get("items", ()))
