"""Install custom resource definitions: Seldon's own from `crds/`, and those of what stands beside Seldon."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
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


def install_crds(api: AdminApi, crds: Iterable[dict[str, Any]], *, deadline: float = 60.0) -> None:
    """Apply definitions server-side (they are too big for an annotation) and wait until each is served.

    Served is: objects can be asked for *and* discovery, which kubectl goes by, lists them. Raises
    ClusterError when one is refused or not served within `deadline` seconds.
    """
    missing = list(crds)
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(api.apply, missing))
    end = time.monotonic() + deadline
    while missing:
        listed = _list_served(api)
        missing = [crd for crd in missing if not (_key(crd) in listed and _answers(api, crd))]
        if missing and time.monotonic() > end:
            names = ", ".join(crd["metadata"]["name"] for crd in missing)
            raise ClusterError(f"{names}: not served {deadline:.0f} s after it was applied")
        if missing:
            time.sleep(0.05)


def _key(crd: dict[str, Any]) -> tuple[str, str]:
    return crd["spec"]["group"], crd["spec"]["names"]["plural"]


def _list_served(api: AdminApi) -> set[tuple[str, str]]:
    groups = api.demand("GET", "/apis", accept=DISCOVERY)
    return {
        (group["metadata"]["name"], resource["resource"])
        for group in groups["items"]
        for version in group["versions"]
        for resource in version["resources"]
    }


def _answers(api: AdminApi, crd: dict[str, Any]) -> bool:
    group, plural = _key(crd)
    version = next(each["name"] for each in crd["spec"]["versions"] if each["served"])
    return api.request("GET", f"/apis/{group}/{version}/{plural}?limit=1").status == 200
