"""Gitea's program, and the files beside its code that it does not start without."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from scripts.local_cluster import bundles
from scripts.local_cluster.errors import ClusterError
from scripts.tools.cache import cache_folder, publish
from scripts.tools.toolchain import GoError, find_go, run_go

MODULE = "code.gitea.io/gitea"
# What a release has built into the program; read from a folder otherwise.
FOLDERS = ("templates", "options", "public")
_LAYOUT = b"1"


@dataclass(frozen=True, slots=True, kw_only=True)
class GiteaFiles:
    """The program, and the folder that it calls its static root."""

    program: Path
    static: Path


def provide_gitea() -> GiteaFiles:
    """Gitea, built and copied from its Go module where the cache has it not.

    Raises ClusterError when there is no Go toolchain, no C compiler, or the module cannot be had.
    """
    program = bundles.provide(bundles.GITEA) / "gitea"
    static = cache_folder("gitea-files", (bundles.GITEA.module / "go.mod").read_bytes(), _LAYOUT)
    if not static.exists():
        try:
            publish(static, _fill)
        except GoError as error:
            raise ClusterError(f"the files of Gitea cannot be had: {error}") from error
    return GiteaFiles(program=program, static=static)


def _fill(folder: Path) -> None:
    # Downloads the module where it is not there yet, checked against go.sum, and says where it is.
    said = json.loads(run_go(find_go(), "mod", "download", "-json", MODULE, folder=bundles.GITEA.module))
    for name in FOLDERS:
        # Go's cache is read-only; a copy that nobody may remove would be in the way.
        shutil.copytree(Path(said["Dir"]) / name, folder / name, copy_function=shutil.copyfile)
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
