"""The state file: what runs where, for whoever comes later to look or to stop it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts.local_cluster.errors import ClusterError
from scripts.local_cluster.processes import Process, Program

LAYOUT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterState:
    """One running cluster. All files lie in `folder`, which goes when the cluster is stopped."""

    folder: Path
    server: str  # https://127.0.0.1:PORT
    kubeconfig: Path
    ca_file: Path
    audit_log: Path
    kubectl: Path
    api_server: Path
    etcd_port: int
    source: str  # where the programs came from
    parts: tuple[str, ...]  # what it was started with, beside the API server
    programs: tuple[Program, ...]  # all that were run, in the order of their first start
    processes: tuple[Process, ...]  # what runs of them, and the guard, in the same order
    facts: Mapping[str, str]  # what the parts tell others: addresses, keys


def write_state(file: Path, state: ClusterState) -> None:
    """Write the state file, all of it or nothing; for its owner's eyes only, since facts hold keys."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    content = {"layout": LAYOUT, **asdict(state)}
    with os.fdopen(
        os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as handle:
        handle.write(json.dumps(content, indent=2, default=str) + "\n")
    partial.replace(file)


def read_state(file: Path) -> ClusterState | None:
    """The state that a file holds, None where there is no file. Raises ClusterError for any other content."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["layout"] != LAYOUT:
            raise ClusterError(f"{file}: layout {content['layout']}, expected {LAYOUT}; {_ADVICE}")
        return ClusterState(
            folder=Path(content["folder"]),
            server=content["server"],
            kubeconfig=Path(content["kubeconfig"]),
            ca_file=Path(content["ca_file"]),
            audit_log=Path(content["audit_log"]),
            kubectl=Path(content["kubectl"]),
            api_server=Path(content["api_server"]),
            etcd_port=content["etcd_port"],
            source=content["source"],
            parts=tuple(content["parts"]),
            programs=tuple(
                Program(
                    name=entry["name"],
                    command=tuple(entry["command"]),
                    environment=entry["environment"],
                    folder=Path(entry["folder"]),
                    log=Path(entry["log"]),
                )
                for entry in content["programs"]
            ),
            processes=tuple(
                Process(
                    name=entry["name"], pid=entry["pid"], started=entry["started"], log=Path(entry["log"])
                )
                for entry in content["processes"]
            ),
            facts=content["facts"],
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ClusterError(f"{file}: not a state file of a local cluster ({error}); {_ADVICE}") from error


_ADVICE = "remove it, and stop what may still run of it by hand"
