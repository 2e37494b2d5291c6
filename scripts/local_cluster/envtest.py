"""Fetch the control plane that the Kubernetes project publishes for tests ("envtest").

The index of the releases, with a SHA-512 for each archive, is
https://github.com/kubernetes-sigs/controller-tools/blob/main/envtest-releases.yaml.
"""

from __future__ import annotations

import hashlib
import io
import platform
import sys
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import urllib3
import yaml

from scripts.tools.cache import cache_folder, publish

INDEX = "https://raw.githubusercontent.com/kubernetes-sigs/controller-tools/HEAD/envtest-releases.yaml"
VERSION = "v1.36.2"
PROGRAMS = ("etcd", "kube-apiserver", "kubectl")
# Refused or unresolvable must be known at once: a machine without internet goes on to the build.
TIMEOUT = urllib3.Timeout(connect=3, read=60)


class NotFetched(Exception):
    """The archive cannot be had here; the text says why."""


def fetch(*, say: Callable[[str], None], index: str = INDEX) -> Path | None:
    """The folder with the published programs, downloaded once; None, and why is said, where that fails."""
    folder = cache_folder(f"envtest-{VERSION}", archive_name().encode())

    def fill(building: Path) -> None:
        pool = urllib3.PoolManager(timeout=TIMEOUT, retries=urllib3.Retry(connect=0, read=1, redirect=5))
        entry = find_entry(yaml.safe_load(download(pool, index)))
        say(f"downloading {entry['selfLink']} ...")
        unpack(download(pool, entry["selfLink"]), entry["hash"], building)

    try:
        if not folder.exists():
            publish(folder, fill)
    except NotFetched as error:
        say(f"the published envtest control plane cannot be had: {error}")
        return None
    return folder


def archive_name() -> str:
    """The name of the archive for this machine, such as `envtest-v1.36.2-linux-amd64.tar.gz`."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"envtest-{VERSION}-{sys.platform}-{machine}.tar.gz"


def find_entry(index: Any) -> Mapping[str, str]:
    """The `hash` and `selfLink` of this machine's archive in a parsed index. Raises NotFetched."""
    try:
        entry = index["releases"][VERSION][archive_name()]
        return {"hash": str(entry["hash"]), "selfLink": str(entry["selfLink"])}
    except (KeyError, TypeError) as error:
        raise NotFetched(f"its index does not name {archive_name()}") from error


def download(pool: urllib3.PoolManager, url: str) -> bytes:
    """The body of one answer with status 200. Raises NotFetched."""
    try:
        response = pool.request("GET", url)
    except urllib3.exceptions.HTTPError as error:
        raise NotFetched(f"{url} cannot be reached ({type(error).__name__})") from error
    if response.status != 200:
        raise NotFetched(f"{url} answers {response.status}")
    return response.data


def unpack(archive: bytes, sha512: str, folder: Path) -> None:
    """Write the three programs of an archive into `folder`; nothing else of it is used. Raises NotFetched."""
    found = hashlib.sha512(archive).hexdigest()
    if found != sha512:
        raise NotFetched(f"{archive_name()} has SHA-512 {found}, its index says {sha512}")
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        members = {Path(member.name).name: member for member in tar.getmembers() if member.isfile()}
        for name in PROGRAMS:
            content = tar.extractfile(members[name]) if name in members else None
            if content is None:
                raise NotFetched(f"{archive_name()} holds no {name}")
            (folder / name).write_bytes(content.read())
            (folder / name).chmod(0o755)
