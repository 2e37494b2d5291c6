"""Starting the S3 server of a local cluster."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import urllib3

from scripts.local_cluster import bundles
from scripts.local_cluster.ports import LOOPBACK, free_ports
from scripts.local_cluster.storage.bucket import MODELS

if TYPE_CHECKING:
    from scripts.local_cluster.cluster import LocalCluster

PROGRAM = "storage"


def start_part(cluster: LocalCluster) -> None:
    """Start the S3 server, with one key and the bucket `mlflow`; ready when it answers.

    Notes the facts `storage` (its URL), `storage_key` and `storage_secret`. Buckets are the folders in
    `storage/` of the cluster's folder. Raises ClusterError when it does not start.
    """
    folder = cluster.state.folder / "storage"
    (folder / MODELS).mkdir(parents=True, exist_ok=True)
    (port,) = free_ports(1)
    address = f"http://{LOOPBACK}:{port}"
    key, secret = f"local{secrets.token_hex(8)}", secrets.token_hex(20)
    process = cluster.run_program(
        PROGRAM,
        (
            *(
                str(bundles.provide(bundles.STORAGE) / "rclone"),
                "serve",
                "s3",
                "--addr",
                f"{LOOPBACK}:{port}",
            ),
            # What is put into a bucket's folder by hand is seen soon; with 0s the server locks itself up.
            *("--dir-cache-time", "1s", str(folder)),
        ),
        environment={
            # Not as an argument, where every user of the machine could read it.
            "RCLONE_AUTH_KEY": f'"{key},{secret}"',
            "RCLONE_CONFIG": str(cluster.state.folder / "no-rclone.conf"),
        },
    )
    cluster.wait_for(process, lambda: _answers(address))
    cluster.note_fact("storage_key", key)
    cluster.note_fact("storage_secret", secret)
    cluster.note_fact("storage", address)


def _answers(address: str) -> bool:
    try:
        # Whoever has no key is refused, which is an answer.
        return urllib3.request("GET", address, timeout=2, retries=False).status == 403
    except urllib3.exceptions.HTTPError:
        return False
