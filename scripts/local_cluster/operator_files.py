"""What the operator's Go module holds beside code: its rights, its ConfigMap, its webhook, others' CRDs.

A copy of them lies in the user's cache, so that a start takes no Go toolchain and reads nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from scripts.local_cluster.bundles import OPERATOR
from scripts.local_cluster.errors import ClusterError
from scripts.tools.cache import cache_folder, publish
from scripts.tools.toolchain import GoError, find_go, run_go

MODULE = "github.com/seldonio/seldon-core/operator"
# Of all that Ambassador defines the operator writes only these.
AMBASSADOR_CRDS = ("mappings.getambassador.io", "tlscontexts.getambassador.io")
_CACHED = "files.json"
_LAYOUT = b"1"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorFiles:
    """The parsed files, as the module has them but for what their field says."""

    roles: tuple[dict[str, Any], ...]  # ClusterRoles: of the manager, and its second one for secrets
    config: dict[str, Any]  # the ConfigMap `seldon-config`, with the module's own name
    webhook: dict[str, Any]  # the ValidatingWebhookConfiguration
    crds: tuple[dict[str, Any], ...]  # KEDA's ScaledObject; Ambassador's, of version v2 only


def read_operator_files() -> OperatorFiles:
    """The module's files, taken from the module where the cache has them not.

    Raises ClusterError when there is no Go toolchain or the module cannot be had.
    """
    folder = cache_folder("seldon-operator-files", (OPERATOR.module / "go.mod").read_bytes(), _LAYOUT)
    if not folder.exists():
        try:
            publish(folder, _fill)
        except GoError as error:
            raise ClusterError(f"the files of Seldon's operator cannot be had: {error}") from error
    content = json.loads((folder / _CACHED).read_text(encoding="utf-8"))
    return OperatorFiles(
        roles=tuple(content["roles"]),
        config=content["config"],
        webhook=content["webhook"],
        crds=tuple(content["crds"]),
    )


def _fill(folder: Path) -> None:
    # Downloads the module where it is not there yet, checked against go.sum, and says where it is.
    said = json.loads(run_go(find_go(), "mod", "download", "-json", MODULE, folder=OPERATOR.module))
    module = Path(said["Dir"])

    def read(name: str, wanted: Callable[[dict[str, Any]], bool] = bool) -> list[dict[str, Any]]:
        text = (module / name).read_bytes()
        return [each for each in yaml.load_all(text, Loader=yaml.CSafeLoader) if each and wanted(each)]

    ambassador = read("testing/emissary-crds.yaml", lambda crd: crd["metadata"]["name"] in AMBASSADOR_CRDS)
    content = {
        "roles": [*read("config/rbac/role.yaml"), *read("config/rbac/role_sas.yaml")],
        "config": read("config/manager/configmap.yaml")[0],
        "webhook": read("config/webhook/manifests.yaml")[0],
        "crds": [
            *read("testing/keda.sh_scaledobjects.yaml"),
            *(keep_version(crd, "v2") for crd in ambassador),
        ],
    }
    (folder / _CACHED).write_text(json.dumps(content), encoding="utf-8")


def keep_version(crd: Mapping[str, Any], version: str) -> dict[str, Any]:
    """A definition with one version only, which needs nobody to convert it into others."""
    versions = [{**each, "storage": True} for each in crd["spec"]["versions"] if each["name"] == version]
    spec = {key: value for key, value in crd["spec"].items() if key != "conversion"}
    return {
        "apiVersion": crd["apiVersion"],
        "kind": crd["kind"],
        "metadata": {"name": crd["metadata"]["name"]},
        "spec": {**spec, "versions": versions},
    }
