"""Sets the stage (servers and a scratch folder), has the story told on it, and clears it away."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.demo.narrator import Narrator, StepFailed
from scripts.demo.story import Stage, tell
from scripts.local_cluster import ClusterError, LocalCluster
from scripts.local_mlflow.server import MlflowServer, MlflowServerError

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    options = _parse()
    # make ends its children with TERM; as an exception it runs the clean-up that Ctrl-C runs.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with tempfile.TemporaryDirectory(prefix="modelsync-demo-") as folder:
            return _play(Path(folder), options)
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
    return parser.parse_args()


def _play(scratch: Path, options: argparse.Namespace) -> int:
    print(
        "modelsync demo: models go to production by pull request. Everything here is real: an MLflow server,"
    )
    print(
        "etcd and a Kubernetes API server, in a scratch folder on this machine; your checkout stays as it is."
    )
    with _timed("MLflow server"), MlflowServer() as registry, _timed("API server"), LocalCluster() as cluster:
        story = Narrator(scratch, _variables(scratch, registry, cluster))
        stage = Stage(
            mlflow_bin=registry.python.parent,
            kubectl=cluster.kubectl,
            data=str(Path(options.data).resolve()) if Path(options.data).is_file() else options.data,
        )
        tell(story, scratch, stage)
        _close(story, scratch, registry, cluster, keep=options.keep)
    return 0


def _variables(scratch: Path, registry: MlflowServer, cluster: LocalCluster) -> dict[str, str]:
    home = scratch / "home"
    home.mkdir()
    path = [str(Path(sys.executable).parent), str(cluster.kubectl.parent), os.environ.get("PATH", "")]
    return {
        "PATH": os.pathsep.join(path),
        "HOME": str(home),
        "KUBECONFIG": str(cluster.kubeconfig),
        "MLFLOW_TRACKING_URI": registry.uri,
        "GIT_AUTHOR_NAME": "Demo",
        "GIT_AUTHOR_EMAIL": "demo@example.com",
        "GIT_COMMITTER_NAME": "Demo",
        "GIT_COMMITTER_EMAIL": "demo@example.com",
        "GIT_CONFIG_NOSYSTEM": "1",
        "NO_COLOR": "1",
    }


def _close(
    story: Narrator, scratch: Path, registry: MlflowServer, cluster: LocalCluster, *, keep: bool
) -> None:
    story.chapter("What happened")
    story.say(
        "Two trained models were registered, pinned, declared, reviewed, synced; traffic moved by a branch;"
    )
    story.say("a hand edit was healed; bad changes were refused; a retired deployment was pruned.\n")
    story.summarise()
    print("\n   Next: the same with your own models: README.md, 'A change, from pull request …'.")
    if not keep:
        print("   To look around in the running servers: make demo KEEP=1. All is stopped and removed now.")
        return
    print(f"\n   MLflow      {registry.uri}")
    print(f"   Kubernetes  export KUBECONFIG={cluster.kubeconfig}   (kubectl: {cluster.kubectl})")
    print(f"   Repository  {scratch / 'wine-shop'}")
    print("   Everything stays up until Ctrl-C.", flush=True)
    signal.pause()


@contextmanager
def _timed(what: str) -> Iterator[None]:
    """Says what is being started; how long that took shows in the line after it."""
    started = time.monotonic()
    print(f"starting the {what} …", flush=True)
    try:
        yield
    finally:
        print(f"the {what} ran for {time.monotonic() - started:.0f} s and is stopped.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
