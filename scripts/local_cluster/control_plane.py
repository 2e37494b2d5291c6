"""The control plane's programs, built from the Go module in `go/control-plane`.

The versions stand in its go.mod: Kubernetes 1.36.3, etcd 3.6.8. A first build takes three to six minutes on
two cores and about 4 GB of memory; Go's own build cache makes a second one a matter of seconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from scripts.tools import go_build

MODULE = Path(__file__).resolve().parent / "go" / "control-plane"

# File name → package. The module also holds the controllers, the scheduler and kwok: see bundles.py.
PROGRAMS: Mapping[str, str] = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kubectl": "k8s.io/kubernetes/cmd/kubectl",
}
NOTE = (
    "no control plane found: building etcd, kube-apiserver and kubectl from their Go modules, once "
    "(three to six minutes on two cores)"
)


def build() -> Path:
    """The folder with the programs, built where the cache has them not. Raises GoError."""
    return go_build.build_programs(_name(), MODULE, PROGRAMS, ldflags=version_flags(), note=NOTE)


def find_built() -> Path | None:
    """The folder with the programs when an earlier build left them in the cache."""
    folder = go_build.program_folder(_name(), MODULE, PROGRAMS, ldflags=version_flags())
    return folder if folder.exists() else None


def read_kubernetes_version(go_mod: str) -> str:
    """The version of Kubernetes that a go.mod requires, such as `v1.36.3`."""
    match = re.search(r"^\s*k8s\.io/kubernetes (v\S+)", go_mod, re.MULTILINE)
    if match is None:
        raise ValueError("go.mod requires no k8s.io/kubernetes")
    return match.group(1)


def _version() -> str:
    return read_kubernetes_version((MODULE / "go.mod").read_text(encoding="utf-8"))


def _name() -> str:
    return f"control-plane-{_version()}"


def version_flags() -> str:
    """What makes the programs say their version: without it kube-apiserver calls itself v0.0.0."""
    version = _version()
    major, minor, _ = version.removeprefix("v").split(".", 2)
    at = "k8s.io/component-base/version"
    return f"-X {at}.gitVersion={version} -X {at}.gitMajor={major} -X {at}.gitMinor={minor}"
