"""Istio's own custom resource definitions, all of one version: istiod waits for ever for one that is missing.

They come from the Go module that istiod is built from, not from a copy of ours: Seldon's copy, for one, lacks
version v1. What a start needs of them lies in the user's cache, so that it takes no Go toolchain.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from scripts.local_cluster.bundles import ISTIOD
from scripts.local_cluster.errors import ClusterError
from scripts.tools.cache import cache_folder, publish
from scripts.tools.toolchain import GoError, find_go, run_go

MODULE = "istio.io/istio"
FILE = Path("manifests") / "charts" / "base" / "files" / "crd-all.gen.yaml"
_CACHED = "crds.json"
_LAYOUT = b"descriptions dropped, 1"


def provide_istio_crds() -> tuple[dict[str, Any], ...]:
    """Istio's definitions without descriptions, taken from the module where the cache has them not.

    Raises ClusterError when there is no Go toolchain or the module cannot be had.
    """
    folder = cache_folder("istio-crds", (ISTIOD.module / "go.mod").read_bytes(), _LAYOUT)
    if not folder.exists():
        try:
            publish(folder, _fill)
        except GoError as error:
            raise ClusterError(f"Istio's custom resource definitions cannot be had: {error}") from error
    return tuple(json.loads((folder / _CACHED).read_text(encoding="utf-8")))


def _fill(folder: Path) -> None:
    # Downloads where the module is not there yet, and says where it is.
    said = json.loads(run_go(find_go(), "mod", "download", "-json", MODULE, folder=ISTIOD.module))
    text = (Path(said["Dir"]) / FILE).read_bytes()
    crds = [_drop_descriptions(crd) for crd in yaml.load_all(text, Loader=yaml.CSafeLoader) if crd]
    (folder / _CACHED).write_text(json.dumps(crds), encoding="utf-8")


def _drop_descriptions(value: Any) -> Any:
    """The definition without its prose (two thirds of it); a property that is called so stays."""
    if isinstance(value, dict):
        return {
            key: _drop_descriptions(inner)
            for key, inner in value.items()
            if key != "description" or not isinstance(inner, str)
        }
    return [_drop_descriptions(inner) for inner in value] if isinstance(value, list) else value
