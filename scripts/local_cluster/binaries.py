"""Find etcd, kube-apiserver and kubectl, in the order that README.md names."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.local_cluster import control_plane, envtest
from scripts.local_cluster.errors import ClusterError
from scripts.tools.toolchain import GoError

# Lowest version that serves the tests. etcd 3.4 (Debian's) cannot report progress on a watch, which the API
# server's caches wait for; server-side field validation and ApplySets want a recent API server.
LOWEST: Mapping[str, tuple[int, int]] = {
    "etcd": (3, 5),
    "kube-apiserver": (1, 30),
    "kubectl": (1, 30),
}
_VERSION_COMMAND: Mapping[str, tuple[str, ...]] = {
    "etcd": ("--version",),
    "kube-apiserver": ("--version",),
    "kubectl": ("version", "--client"),
}

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """The programs of a control plane, all from one source, and the words for that source."""

    etcd: Path
    apiserver: Path
    kubectl: Path
    source: str


def tell(text: str) -> None:
    """One line of talk, on stderr."""
    print(text, file=sys.stderr, flush=True)


def find_binaries(environment: Mapping[str, str] = os.environ, *, say: Say = tell) -> Binaries:
    """The first source that has all three programs in versions that serve; builds them where none has.

    Raises ClusterError when they can neither be found, downloaded nor built.
    """
    assets = environment.get("KUBEBUILDER_ASSETS", "")
    if assets:
        found = look_in(assets, source=f"KUBEBUILDER_ASSETS ({assets})", say=say, expected=True)
        if found is not None:
            return found
    found = look_in(environment.get("PATH", ""), source="PATH", say=say)
    if found is not None:
        return found
    built = control_plane.find_built()
    if built is None:
        archive = envtest.fetch(say=say)
        if archive is not None:
            found = look_in(str(archive), source="the envtest archive", say=say, expected=True)
            if found is not None:
                return found
    try:
        folder = built or control_plane.build()
    except GoError as error:
        raise ClusterError(
            "no control plane: neither KUBEBUILDER_ASSETS nor PATH has one, the envtest archive cannot be "
            f"had, and building one failed: {error}"
        ) from error
    found = look_in(str(folder), source=f"the build in {folder}", say=say, expected=True)
    if found is None:
        raise ClusterError(f"the programs in {folder} do not run; remove that folder and try again")
    return found


def look_in(path: str, *, source: str, say: Say, expected: bool = False) -> Binaries | None:
    """The programs in one search path (folders joined by `:`); None, and why is said, when they do not serve.

    Nothing is said when there is no API server at all, unless one is `expected` there.
    """
    found = {name: shutil.which(name, path=path) for name in LOWEST}
    if found["kube-apiserver"] is None and not expected:
        return None
    faults = tuple(fault for name, place in found.items() if (fault := _fault(name, place)) is not None)
    if faults:
        say(f"the control plane in {source} is passed over: {'; '.join(faults)}")
        return None
    return Binaries(
        etcd=Path(str(found["etcd"])),
        apiserver=Path(str(found["kube-apiserver"])),
        kubectl=Path(str(found["kubectl"])),
        source=source,
    )


def _fault(name: str, place: str | None) -> str | None:
    lowest = ".".join(str(part) for part in LOWEST[name])
    if place is None:
        return f"it has no {name}"
    version = read_version(name, place)
    if not version:
        return f"{name} does not say its version, expected {lowest} or newer"
    if version < LOWEST[name]:
        return f"{name} is {version[0]}.{version[1]}, expected {lowest} or newer"
    return None


def read_version(name: str, place: str) -> tuple[int, ...]:
    """Major and minor version that a program reports; empty when it reports none."""
    try:
        done = subprocess.run(
            [place, *_VERSION_COMMAND[name]], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    match = re.search(r"(\d+)\.(\d+)\.\d+", done.stdout)
    return tuple(int(part) for part in match.groups()) if match else ()
