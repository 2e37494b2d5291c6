"""Flux's kustomize-controller from its Go module, and the definitions that it works with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from scripts.bench.measure import BenchError
from scripts.local_cluster.bundles import Bundle, provide
from scripts.local_cluster.errors import ClusterError
from scripts.tools.cache import cache_folder, publish
from scripts.tools.toolchain import GoError, find_go, run_go

BUNDLE = Bundle(
    name="flux",
    # A bundle's folder is taken from the local cluster's own, unless it is absolute.
    folder=str(Path(__file__).resolve().parents[1] / "go" / "flux"),
    programs={"kustomize-controller": "github.com/fluxcd/kustomize-controller"},
    time="three to five minutes",
)
# The sources that the controller watches are another module's; it is that of the API that ours requires.
_MODULES = ("github.com/fluxcd/kustomize-controller", "github.com/fluxcd/source-controller@v1.9.0")
_CACHED = "crds.json"
_LAYOUT = b"1"


def provide_controller() -> Path:
    """The program, built where the cache has it not. Raises BenchError."""
    try:
        return provide(BUNDLE) / "kustomize-controller"
    except ClusterError as error:
        raise BenchError(str(error)) from error


def provide_crds() -> tuple[dict[str, Any], ...]:
    """The definitions of both modules, taken from them where the cache has them not. Raises BenchError."""
    folder = cache_folder(
        "flux-crds", (BUNDLE.module / "go.mod").read_bytes(), repr(_MODULES).encode(), _LAYOUT
    )
    if not folder.exists():
        try:
            publish(folder, _fill)
        except GoError as error:
            raise BenchError(f"Flux's custom resource definitions cannot be had: {error}") from error
    return tuple(json.loads((folder / _CACHED).read_text(encoding="utf-8")))


def _fill(folder: Path) -> None:
    crds = []
    for module in _MODULES:
        # Checked against go.sum, and against the checksum database where that does not have it.
        said = json.loads(run_go(find_go(), "mod", "download", "-json", module, folder=BUNDLE.module))
        for file in sorted((Path(said["Dir"]) / "config" / "crd" / "bases").glob("*.yaml")):
            crds += [each for each in yaml.load_all(file.read_bytes(), Loader=yaml.CSafeLoader) if each]
    (folder / _CACHED).write_text(json.dumps(crds), encoding="utf-8")
