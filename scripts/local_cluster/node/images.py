"""Which program stands for which image: this node has no containers, and can run nothing else."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scripts.local_cluster.node.names import VARIABLE as NAMES

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = "scripts.local_cluster"
MODELS = "/mnt/models"
_RUNTIMES = ("mlflow", "slim")  # MLServer's images have one each; slim ones have none


class ImageMissing(Exception):
    """This node has no program for an image. The text is what a registry would have said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What an image would bring: its entry point, its default arguments and its environment.

    `own` comes after the Pod's variables: where to listen is not the Pod's to say, since all Pods here share
    one network.
    """

    entrypoint: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """Where the programs are. `address` is the Pod's, for what `find` returns."""

    rclone: Path
    mlserver: Path = ROOT / ".venv-mlserver" / "bin" / "mlserver"
    python: Path = Path(sys.executable)
    names: str = ""  # the URL of the name server, which our own programs ask

    def find(self, image: str, address: str) -> Program:
        """The program for an image of any tag or digest. Raises ImageMissing.

        | image                               | program                                           |
        |-------------------------------------|---------------------------------------------------|
        | seldonio/mlserver                   | the real MLServer, for tags with -mlflow or none  |
        | seldonio/rclone-storage-initializer | the real rclone, with the S3 backend              |
        | seldonio/seldon-core-executor       | our stand-in for it                               |
        | example/NAME                        | our example component NAME for inference graphs   |
        | busybox                             | this machine's own shell                          |
        """
        repository = strip_version(image)
        if repository == "seldonio/mlserver":
            return self._mlserver(image, address)
        if repository == "seldonio/rclone-storage-initializer":
            return Program(
                entrypoint=(str(self.rclone), "copy"),
                # An endpoint that is not there is told in seconds, not after ten minutes; no other settings
                # than the Pod's are read.
                environment={
                    "RCLONE_RETRIES": "1",
                    "RCLONE_LOW_LEVEL_RETRIES": "1",
                    "RCLONE_CONTIMEOUT": "5s",
                    "RCLONE_CONFIG": "/no/rclone.conf",
                },
            )
        if repository == "seldonio/seldon-core-executor":
            return self._module(f"{PACKAGE}.executor", address)
        component = re.fullmatch(r"example/([a-z][a-z0-9_-]*)", repository)
        if component is not None:
            name = component.group(1).replace("-", "_")
            module = f"{PACKAGE}.executor.components.{name}"
            if (ROOT / module.replace(".", "/")).with_suffix(".py").is_file():
                return self._module(module, address)
        if repository == "busybox":
            return Program(arguments=("sh",))
        raise ImageMissing(
            f'failed to resolve reference "{image}": this node has no program for it; it has some for '
            "seldonio/mlserver, seldonio/rclone-storage-initializer, seldonio/seldon-core-executor, busybox "
            "and the example components example/NAME"
        )

    def _mlserver(self, image: str, address: str) -> Program:
        tag = image.split("@", 1)[0].rpartition("/")[2].partition(":")[2]
        runtime = re.search(r"-([a-z][a-z-]*)$", tag)
        if runtime is not None and runtime.group(1) not in _RUNTIMES:
            raise ImageMissing(
                f'failed to resolve reference "{image}": of MLServer\'s runtimes this node has only that for '
                f"MLflow, not {runtime.group(1)}"
            )
        if not self.mlserver.exists():
            raise ImageMissing(
                f'failed to resolve reference "{image}": there is no MLServer at {self.mlserver}; run '
                "scripts/bootstrap mlserver, which makes that environment"
            )
        return Program(
            arguments=(str(self.mlserver), "start", MODELS),
            # One worker process of its own does not work with current versions of uvloop.
            environment={"MLSERVER_PARALLEL_WORKERS": "0", "MLFLOW_DISABLE_TELEMETRY": "true"},
            own={"MLSERVER_HOST": address},
        )

    def _module(self, module: str, address: str) -> Program:
        return Program(
            entrypoint=(str(self.python), "-m", module),
            environment={"PYTHONUNBUFFERED": "1"},
            own={
                "PYTHONPATH": str(ROOT),
                "MODELSYNC_POD_IP": address,
                "MODELSYNC_POD_ANNOTATIONS": "/etc/podinfo/annotations",
                NAMES: self.names,
            },
        )


def strip_version(image: str) -> str:
    """The repository of an image on Docker Hub, without registry, tag and digest."""
    name = image.split("@", 1)[0]
    head, _, last = name.rpartition("/")
    last = last.split(":", 1)[0]
    name = f"{head}/{last}" if head else last
    for prefix in ("docker.io/", "index.docker.io/", "library/"):
        name = name.removeprefix(prefix)
    return name
