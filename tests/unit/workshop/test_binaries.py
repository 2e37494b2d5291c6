"""Where a control plane is taken from: what serves, what is passed over, and what is said about it."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import urllib3

from scripts.local_cluster import envtest
from scripts.local_cluster.binaries import look_in
from scripts.local_cluster.control_plane import MODULE, read_kubernetes_version

RECENT: Mapping[str, str] = {
    "etcd": "etcd Version: 3.6.8",
    "kube-apiserver": "Kubernetes v1.36.3",
    "kubectl": "Client Version: v1.36.3",
}


def lay_out(folder: Path, programs: Mapping[str, str]) -> str:
    """Programs that say a version, and nothing else."""
    for name, said in programs.items():
        (folder / name).write_text(f"#!/bin/sh\necho '{said}'\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return str(folder)


class TestLookIn:
    def test_takes_three_programs_that_are_recent_enough(self, tmp_path: Path) -> None:
        said: list[str] = []
        found = look_in(lay_out(tmp_path, RECENT), source="PATH", say=said.append)
        assert found is not None
        assert (found.etcd, found.apiserver, found.kubectl, found.source) == (
            tmp_path / "etcd",
            tmp_path / "kube-apiserver",
            tmp_path / "kubectl",
            "PATH",
        )
        assert said == []

    @pytest.mark.parametrize(
        ("programs", "fault"),
        [
            ({**RECENT, "etcd": "etcd Version: 3.4.23"}, "etcd is 3.4, expected 3.5 or newer"),
            (
                {**RECENT, "kube-apiserver": "Kubernetes v1.29.9"},
                "kube-apiserver is 1.29, expected 1.30 or newer",
            ),
            (
                {**RECENT, "kube-apiserver": "Kubernetes v1.9.11"},
                "kube-apiserver is 1.9, expected 1.30 or newer",
            ),
            (
                {**RECENT, "kubectl": "usage: kubectl"},
                "kubectl does not say its version, expected 1.30 or newer",
            ),
            ({name: RECENT[name] for name in ("kube-apiserver", "kubectl")}, "it has no etcd"),
        ],
    )
    def test_passes_over_what_does_not_serve_and_says_why(
        self, tmp_path: Path, programs: Mapping[str, str], fault: str
    ) -> None:
        said: list[str] = []
        assert look_in(lay_out(tmp_path, programs), source="PATH", say=said.append) is None
        assert said == [f"the control plane in PATH is passed over: {fault}"]

    def test_says_nothing_about_a_path_without_an_api_server(self, tmp_path: Path) -> None:
        said: list[str] = []
        path = lay_out(tmp_path, {"etcd": "etcd Version: 3.4.23"})
        assert look_in(path, source="PATH", say=said.append) is None
        assert said == []

    def test_says_so_where_one_was_promised(self, tmp_path: Path) -> None:
        said: list[str] = []
        assert look_in(str(tmp_path), source="KUBEBUILDER_ASSETS", say=said.append, expected=True) is None
        (line,) = said
        assert line.startswith("the control plane in KUBEBUILDER_ASSETS is passed over: ")
        assert line.endswith(": it has no etcd; it has no kube-apiserver; it has no kubectl")


class TestEnvtest:
    @staticmethod
    def archive(names: tuple[str, ...]) -> bytes:
        """An archive laid out as the published ones are."""
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w:gz") as tar:
            for name in names:
                entry = tarfile.TarInfo(f"controller-tools/envtest/{name}")
                entry.size = len(name)
                tar.addfile(entry, io.BytesIO(name.encode()))
        return content.getvalue()

    def test_unpacks_the_three_programs_and_nothing_else(self, tmp_path: Path) -> None:
        archive = self.archive((*envtest.PROGRAMS, "../../evil", "README"))
        envtest.unpack(archive, hashlib.sha512(archive).hexdigest(), tmp_path)
        assert sorted(file.name for file in tmp_path.iterdir()) == sorted(envtest.PROGRAMS)
        assert all(file.stat().st_mode & 0o111 for file in tmp_path.iterdir())

    def test_refuses_an_archive_that_is_not_the_one_of_the_index(self, tmp_path: Path) -> None:
        with pytest.raises(envtest.NotFetched, match=r"has SHA-512 .* its index says 00"):
            envtest.unpack(self.archive(envtest.PROGRAMS), "00", tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_refuses_an_archive_without_a_program(self, tmp_path: Path) -> None:
        archive = self.archive(("etcd", "kubectl"))
        with pytest.raises(envtest.NotFetched, match="holds no kube-apiserver"):
            envtest.unpack(archive, hashlib.sha512(archive).hexdigest(), tmp_path)

    def test_takes_this_machines_entry_of_the_index(self) -> None:
        entry = {"hash": "ab", "selfLink": "https://example.com/archive"}
        index = {"releases": {envtest.VERSION: {envtest.archive_name(): entry}}}
        assert envtest.find_entry(index) == entry

    @pytest.mark.parametrize(
        "index", [None, {}, {"releases": {}}, {"releases": {envtest.VERSION: {}}}, "404"]
    )
    def test_an_index_without_it_is_a_reason_to_go_on(self, index: object) -> None:
        with pytest.raises(envtest.NotFetched, match="its index does not name envtest-v"):
            envtest.find_entry(index)

    def test_no_internet_is_a_reason_to_go_on(self) -> None:
        # Port 1 of loopback: refused at once.
        with pytest.raises(envtest.NotFetched, match="cannot be reached"):
            envtest.download(urllib3.PoolManager(retries=False), "http://127.0.0.1:1/index.yaml")


class TestModule:
    def test_the_build_says_the_version_that_the_module_requires(self) -> None:
        assert read_kubernetes_version((MODULE / "go.mod").read_text(encoding="utf-8")) == "v1.36.3"

    def test_a_module_without_kubernetes_is_no_control_plane(self) -> None:
        with pytest.raises(ValueError, match=r"requires no k8s\.io/kubernetes"):
            read_kubernetes_version("module example.com/other\n")
