"""Object storage of the local cluster, as Seldon's storage initializer meets it: rclone at both ends."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import urllib3

from scripts.local_cluster import LocalCluster, Part, bundles
from scripts.local_cluster.storage import MODELS, Storage, locate_storage, make_bucket

Copied = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def storage_cluster() -> Iterator[LocalCluster]:
    with LocalCluster(parts=(Part.STORAGE,), crds=False) as cluster:
        folder = make_bucket(cluster, MODELS) / "artifacts" / "1"
        folder.mkdir(parents=True)
        (folder / "MLmodel").write_text("flavors: {}\n", encoding="utf-8")
        yield cluster


@pytest.fixture
def storage(storage_cluster: LocalCluster) -> Storage:
    return locate_storage(storage_cluster)


def copy(storage: Storage, source: str, to: Path, **instead: str) -> Copied:
    """What the initializer does, with nothing but the variables of the Secret."""
    variables: Mapping[str, str] = {**storage.secret_data(), **instead}
    return subprocess.run(
        [str(bundles.provide(bundles.STORAGE) / "rclone"), "copy", source, str(to), "--retries", "1"],
        env={**variables, "RCLONE_CONFIG": "/no/rclone.conf", "RCLONE_LOW_LEVEL_RETRIES": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_model_is_copied_by_what_the_secret_says_alone(storage: Storage, tmp_path: Path) -> None:
    done = copy(storage, "s3://mlflow/artifacts/1", tmp_path)
    assert (done.returncode, [file.name for file in tmp_path.iterdir()]) == (0, ["MLmodel"])


@pytest.mark.parametrize(
    ("source", "instead", "code", "said"),
    [
        ("s3://mlflow/artifacts/1", {"RCLONE_CONFIG_S3_SECRET_ACCESS_KEY": "wrong"}, 1, "Forbidden"),
        ("s3://no-such-bucket/1", {}, 3, "directory not found"),
        ("gs://mlflow/artifacts/1", {}, 1, "didn't find section in config file"),
        ("s3://mlflow/artifacts/2", {}, 0, ""),
    ],
)
def test_what_cannot_be_copied_ends_as_it_does_with_any_storage(
    storage: Storage, tmp_path: Path, source: str, instead: dict[str, str], code: int, said: str
) -> None:
    done = copy(storage, source, tmp_path, **instead)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_nobody_reads_without_the_key(storage: Storage) -> None:
    answer = urllib3.request("GET", f"{storage.endpoint}/mlflow/artifacts/1/MLmodel", retries=False)
    assert answer.status == 403


def test_its_key_is_in_no_command_line(storage_cluster: LocalCluster, storage: Storage) -> None:
    programs = {program.name: program for program in storage_cluster.state.programs}
    assert storage.secret not in " ".join(programs["storage"].command)
