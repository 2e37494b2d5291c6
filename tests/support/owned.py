"""Local clusters that belong to somebody else: a process of their own, or nobody."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from scripts.local_cluster.state import ClusterState

_ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = """\
import sys, time, pathlib
from scripts.local_cluster import LocalCluster, Part
parts = tuple(Part(word) for word in sys.argv[2:])
LocalCluster(parts, crds=bool(parts), state_file=pathlib.Path(sys.argv[1])).start()
print('up', flush=True)
time.sleep(600)
"""


@contextmanager
def run_owner(state_file: Path, *parts: str) -> Iterator[None]:
    """A process that has started a cluster with these parts; it is killed when the block ends."""
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(state_file), *parts],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as owner:
        try:
            assert owner.stdout is not None
            assert owner.stdout.readline() == "up\n"
            yield
        finally:
            owner.kill()


def make_empty_state(
    folder: Path, *, parts: tuple[str, ...] = (), facts: Mapping[str, str] | None = None
) -> ClusterState:
    """A cluster in which no program was started; its files need not exist."""
    nothing = folder / "nothing"
    return ClusterState(
        folder=folder,
        server="https://127.0.0.1:1",
        kubeconfig=nothing,
        ca_file=nothing,
        audit_log=nothing,
        kubectl=nothing,
        api_server=nothing,
        etcd_port=1,
        source="a test",
        parts=parts,
        programs=(),
        processes=(),
        facts=dict(facts or {}),
    )
