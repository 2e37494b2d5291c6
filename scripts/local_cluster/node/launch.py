"""From a container's declaration to a command, its environment and its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.local_cluster.node.environment import expand, needed_sources, resolve
from scripts.local_cluster.node.guard import VARIABLE
from scripts.local_cluster.node.images import Program
from scripts.local_cluster.node.paths import mounts_of, rewrite
from scripts.local_cluster.node.programs import Surroundings
from scripts.local_cluster.node.services import Services, fetch_sources

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where a Pod lives on this machine."""

    pod: Mapping[str, Any]
    address: str
    folder: Path
    volumes: Mapping[str, Path]

    def container_folder(self, name: str) -> Path:
        """The folder of one of its containers: logs by the number of restarts, its working folder."""
        return self.folder / "containers" / name


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What to run, and the file for its last words."""

    command: tuple[str, ...]
    around: Surroundings
    termination_log: Path


async def prepare_launch(declaration: Mapping[str, Any], home: Home, services: Services) -> Launch:
    """Find a container's program and make its surroundings.

    Raises ImageMissing, and ConfigError when its variables cannot be had.
    """
    program = services.programs.find(declaration["image"], home.address)
    metadata = home.pod["metadata"]
    sources = await fetch_sources(services, metadata["namespace"], needed_sources(declaration))
    declared = resolve(declaration, home.pod, address=home.address, sources=sources)
    folder = home.container_folder(declaration["name"])
    work = folder / "work"
    (work / "tmp").mkdir(parents=True, exist_ok=True)
    termination_log = folder / "termination-log"
    mounts = mounts_of(declaration, home.volumes, termination_log)
    variables = {
        "PATH": PATH,
        "HOME": str(work),
        "TMPDIR": str(work / "tmp"),
        "HOSTNAME": metadata["name"],
        **program.environment,
        **declared,
        **program.own,
        VARIABLE: services.mark,
    }
    words = _words(declaration, program)
    return Launch(
        command=tuple(rewrite(expand(word, declared), mounts) for word in words),
        around=Surroundings(
            folder=work, environment={name: rewrite(value, mounts) for name, value in variables.items()}
        ),
        termination_log=termination_log,
    )


def _words(declaration: Mapping[str, Any], program: Program) -> tuple[str, ...]:
    """Entry point and arguments: a Pod's `command` replaces both of the image's, `args` the second."""
    command, arguments = declaration.get("command"), declaration.get("args")
    if arguments is None:
        arguments = () if command else program.arguments
    return (*(command or program.entrypoint), *arguments)
