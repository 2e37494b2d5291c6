"""The programs beside the control plane, each bundle built once from a Go module of its own in `go/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.local_cluster import control_plane
from scripts.local_cluster.errors import ClusterError
from scripts.tools import go_build
from scripts.tools.toolchain import GoError

_MODULES = Path(__file__).resolve().parent / "go"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Programs (file name → package path) from one Go module; `time` is a first build's on two cores."""

    name: str
    folder: str
    programs: Mapping[str, str]
    time: str
    tags: str = ""
    ldflags: str = ""

    @property
    def module(self) -> Path:
        """The folder with the module's go.mod."""
        return _MODULES / self.folder


CONTROLLERS = Bundle(
    name="controllers",
    folder="control-plane",
    programs={
        "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
        "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
        "kwok": "sigs.k8s.io/kwok/cmd/kwok",
    },
    time="two to three minutes",
    ldflags=control_plane.version_flags(),
)
OPERATOR = Bundle(
    name="seldon-operator", folder="operator", programs={"seldon-operator": "."}, time="one to two minutes"
)
ISTIOD = Bundle(
    name="istiod",
    folder="istiod",
    programs={"pilot-discovery": "istio.io/istio/pilot/cmd/pilot-discovery"},
    time="four to five minutes",
    # What upstream's own build sets; without them the protobuf code is slower and larger.
    tags="vtprotobuf,disable_pgv",
)
STORAGE = Bundle(name="storage", folder="storage", programs={"rclone": "."}, time="one minute")
PROMETHEUS = Bundle(
    name="prometheus",
    folder="prometheus",
    programs={"prometheus": "github.com/prometheus/prometheus/cmd/prometheus"},
    time="two minutes",
    # Of all kinds of service discovery only the one for Kubernetes.
    tags="remove_all_sd,enable_kubernetes_sd",
)
# A module of its own, so that Prometheus is not built anew with it.
PROMTOOL = Bundle(
    name="promtool",
    folder="promtool",
    programs={"promtool": "github.com/prometheus/prometheus/cmd/promtool"},
    time="two minutes",
    tags="remove_all_sd",
)

# Beside a cluster, and none of its parts. Its SQLite is C: the build needs a compiler for that.
GITEA = Bundle(
    name="gitea",
    folder="gitea",
    programs={"gitea": "code.gitea.io/gitea"},
    time="four minutes",
    tags="sqlite sqlite_unlock_notify",
)


def is_built(bundle: Bundle) -> bool:
    """Whether the cache has the bundle's programs."""
    return go_build.program_folder(
        bundle.name, bundle.module, bundle.programs, ldflags=bundle.ldflags, tags=bundle.tags
    ).exists()


def provide(bundle: Bundle) -> Path:
    """The folder with the bundle's programs, built where the cache has them not.

    Raises ClusterError when there is no Go toolchain or the build fails.
    """
    try:
        return go_build.build_programs(
            bundle.name,
            bundle.module,
            bundle.programs,
            ldflags=bundle.ldflags,
            tags=bundle.tags,
            note=f"{bundle.name}: building {', '.join(bundle.programs)} from Go modules, once "
            f"({bundle.time} on two cores)",
        )
    except GoError as error:
        raise ClusterError(f"{bundle.name} cannot be built: {error}") from error
