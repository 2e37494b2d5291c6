"""What a client of the local cluster's object storage needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scripts.local_cluster.cluster import LocalCluster

MODELS = "mlflow"  # the bucket that is there from the start


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """An S3 endpoint and the one key that it accepts."""

    endpoint: str  # http://127.0.0.1:PORT
    key: str
    secret: str

    def client_environment(self) -> Mapping[str, str]:
        """The variables by which MLflow and boto3 find it."""
        return {
            "MLFLOW_S3_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def secret_data(self) -> Mapping[str, str]:
        """What a Secret holds so that Seldon's storage initializer finds `s3://…` (rclone's remote `s3`)."""
        return {
            "RCLONE_CONFIG_S3_TYPE": "s3",
            "RCLONE_CONFIG_S3_PROVIDER": "Rclone",
            "RCLONE_CONFIG_S3_ENV_AUTH": "false",
            "RCLONE_CONFIG_S3_ACCESS_KEY_ID": self.key,
            "RCLONE_CONFIG_S3_SECRET_ACCESS_KEY": self.secret,
            "RCLONE_CONFIG_S3_ENDPOINT": self.endpoint,
        }


def locate_storage(cluster: LocalCluster) -> Storage:
    """The object storage of a running cluster that has the part STORAGE."""
    facts = cluster.state.facts
    return Storage(endpoint=facts["storage"], key=facts["storage_key"], secret=facts["storage_secret"])


def make_bucket(cluster: LocalCluster, name: str) -> Path:
    """Make a bucket where there is none; the folder that it is."""
    folder = cluster.state.folder / "storage" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
