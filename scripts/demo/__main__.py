"""Sets the stage (servers and a scratch folder), has the story told on it, and clears it away."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from scripts.demo.narrator import Narrator, StepFailed
from scripts.demo.stage import Stage
from scripts.demo.story import tell
from scripts.local_cluster import ClusterError, LocalCluster
from scripts.local_cluster.parts import Part
from scripts.local_cluster.storage import Storage, locate_storage
from scripts.local_mlflow.server import MlflowServer, MlflowServerError

ROOT = Path(__file__).resolve().parents[2]
MLFLOW_PYTHON = ROOT / ".venv-mlflow" / "bin" / "python"
PARTS = (Part.OPERATOR, Part.STORAGE, Part.GATEWAY, Part.NODE, Part.METRICS)
# Of a cluster that is not the local one all of these must be named; `--server-image` may be.
NAMED = ("kubeconfig", "registry", "gateway", "prometheus", "storage", "storage_key", "storage_secret")


def main() -> int:
    options = _parse()
    # make ends its children with TERM; as an exception it runs the clean-up that Ctrl-C runs.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with tempfile.TemporaryDirectory(prefix="modelsync-demo-") as folder:
            _play(Path(folder), options)
            return 0
    except (StepFailed, ClusterError, MlflowServerError) as error:
        print(f"\nthe demo failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped.", file=sys.stderr)
        return 130


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--data", default="", help="path or URL of the wine-quality CSV (DATA=… with make)")
    parser.add_argument(
        "--keep", action="store_true", help="keep the servers up at the end (KEEP=1 with make)"
    )
    parser.add_argument(
        "--repository",
        type=Path,
        help="where the story's repository is made; in a scratch folder if not given",
    )
    other = parser.add_argument_group(
        "a cluster other than the local one (scripts/kind/demo gives all of it)"
    )
    other.add_argument("--kubeconfig", help="of the cluster's administrator")
    other.add_argument(
        "--registry", help="URL of the MLflow server, whose artifacts are in s3://mlflow/artifacts"
    )
    other.add_argument("--gateway", help="URL of Istio's ingress gateway")
    other.add_argument("--prometheus", help="URL of a Prometheus that scrapes Seldon's executors")
    other.add_argument("--storage", help="URL of the S3 service, as Pods reach it")
    other.add_argument("--storage-key", help="its key id")
    other.add_argument("--storage-secret", help="its secret")
    other.add_argument(
        "--server-image", default="", help="image of MLServer, where the stock one cannot load"
    )
    options = parser.parse_args()
    missing = [name for name in NAMED if not getattr(options, name)]
    if 0 < len(missing) < len(NAMED):
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in missing)
        parser.error(f"for a cluster other than the local one, these are needed too: {flags}")
    if options.repository and options.repository.exists():
        parser.error(f"--repository {options.repository}: there is something already")
    return options


def _play(scratch: Path, options: argparse.Namespace) -> None:
    print("modelsync demo: models go to production by pull request. Everything is real: MLflow, Kubernetes,")
    print("Seldon Core's operator, MLServer, Istio with Envoy, Prometheus; your checkout stays as it is.")
    with ExitStack() as stage_hands:
        registry, kubeconfig, stage = (
            _find_stage(scratch, options)
            if options.kubeconfig
            else _build_stage(stage_hands, scratch, options)
        )
        repository = options.repository or scratch / "wine-shop"
        repository.parent.mkdir(parents=True, exist_ok=True)
        story = Narrator(repository.parent, _variables(scratch, registry, kubeconfig, stage))
        tell(story, repository, stage)
        _close(story, repository, registry, kubeconfig, stage, keep=options.keep)


def _build_stage(hands: ExitStack, scratch: Path, options: argparse.Namespace) -> tuple[str, str, Stage]:
    """The local cluster with all its parts, and an MLflow server that stores into its bucket."""
    hands.enter_context(_timed("local cluster"))
    cluster = hands.enter_context(LocalCluster(parts=PARTS))
    storage = locate_storage(cluster)
    hands.enter_context(_timed("MLflow server"))
    registry = hands.enter_context(
        MlflowServer(destination="s3://mlflow/artifacts", environment=storage.client_environment())
    )
    stage = Stage(
        mlflow_bin=registry.python.parent,
        kubectl=cluster.kubectl,
        data=_find_data(options.data),
        gateway=cluster.fact("gateway"),
        prometheus=cluster.fact("prometheus"),
        artifacts_key=_write_key(scratch, storage),
    )
    return registry.uri, str(cluster.kubeconfig), stage


def _find_stage(scratch: Path, options: argparse.Namespace) -> tuple[str, str, Stage]:
    """A cluster that is there already."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        raise ClusterError("there is no kubectl on PATH, and the story needs one")
    storage = Storage(endpoint=options.storage, key=options.storage_key, secret=options.storage_secret)
    stage = Stage(
        mlflow_bin=MLFLOW_PYTHON.parent,
        kubectl=Path(kubectl),
        data=_find_data(options.data),
        gateway=options.gateway,
        prometheus=options.prometheus,
        artifacts_key=_write_key(scratch, storage),
        server_image=options.server_image,
    )
    return options.registry, options.kubeconfig, stage


def _write_key(scratch: Path, storage: Storage) -> Path:
    """In a file for its owner's eyes: a command line is read by every user of the machine."""
    file = scratch / "artifacts-s3.env"
    file.touch(mode=0o600)
    # The storage of a cluster that was named need not be rclone.
    data = {**storage.secret_data(), "RCLONE_CONFIG_S3_PROVIDER": "Other"}
    file.write_text("".join(f"{name}={value}\n" for name, value in data.items()), encoding="utf-8")
    return file


def _find_data(data: str) -> str:
    return str(Path(data).resolve()) if Path(data).is_file() else data


def _variables(scratch: Path, registry: str, kubeconfig: str, stage: Stage) -> dict[str, str]:
    home = scratch / "home"
    home.mkdir()
    path = [str(Path(sys.executable).parent), str(stage.kubectl.parent), os.environ.get("PATH", "")]
    return {
        "PATH": os.pathsep.join(path),
        "HOME": str(home),
        "KUBECONFIG": kubeconfig,
        "MLFLOW_TRACKING_URI": registry,
        "GIT_AUTHOR_NAME": "Demo",
        "GIT_AUTHOR_EMAIL": "demo@example.com",
        "GIT_COMMITTER_NAME": "Demo",
        "GIT_COMMITTER_EMAIL": "demo@example.com",
        "GIT_CONFIG_NOSYSTEM": "1",
        "NO_COLOR": "1",
    }


def _close(
    story: Narrator, repository: Path, registry: str, kubeconfig: str, stage: Stage, *, keep: bool
) -> None:
    story.chapter("What happened")
    story.say("Trained models were registered, pinned, declared, reviewed, synced and served side by side;")
    story.say("traffic moved by a branch; a hand edit was healed; a shadow listened; a challenger that could")
    story.say(
        "not start went without a failed request; bad changes were refused; a deployment was retired.\n"
    )
    story.summarise()
    print("\n   Next: the same with your own models: README.md, 'A change, from pull request …'.")
    if not keep:
        print("   To look around in the running servers: make demo KEEP=1. All is stopped and removed now.")
        return
    print(f"\n   MLflow      {registry}")
    print(f"   Gateway     {stage.find_model('wines-production', 'wines', 'wines')}")
    print(f"   Prometheus  {stage.prometheus}")
    print(f"   Kubernetes  export KUBECONFIG={kubeconfig}   (kubectl: {stage.kubectl})")
    print(f"   Repository  {repository}")
    print("   Everything stays up until Ctrl-C.", flush=True)
    signal.pause()


@contextmanager
def _timed(what: str) -> Iterator[None]:
    """Says what is being started; how long it ran shows in the line after it."""
    started = time.monotonic()
    print(f"starting the {what} …", flush=True)
    try:
        yield
    finally:
        print(f"the {what} ran for {time.monotonic() - started:.0f} s and is stopped.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
