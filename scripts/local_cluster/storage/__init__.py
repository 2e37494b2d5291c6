"""Object storage of the local cluster: rclone, which serves folders as S3 buckets."""

from __future__ import annotations

from scripts.local_cluster.storage.bucket import MODELS, Storage, locate_storage, make_bucket
from scripts.local_cluster.storage.part import start_part

__all__ = ["MODELS", "Storage", "locate_storage", "make_bucket", "start_part"]
