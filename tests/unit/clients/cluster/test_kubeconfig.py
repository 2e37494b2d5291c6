"""Plain kubeconfigs are read without the Kubernetes library, and mean what they mean to it."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.clients.cluster.access import Access, TokenFile, find_proxy
from reconciler.clients.cluster.interface import ClusterMisconfigured
from reconciler.clients.cluster.kubeconfig import read_kubeconfig, read_service_account
from reconciler.clients.cluster.kubernetes import find_access, read_with_library
from tests.support.answering import ManualClock

PEM = b"-----BEGIN CERTIFICATE-----\nd2luZXM=\n-----END CERTIFICATE-----\n"
DATA = base64.b64encode(PEM).decode()
SERVER = "https://10.0.0.1:6443"


def write(
    folder: Path, *, cluster: Mapping[str, Any] | None = None, user: Any = None, **context: Any
) -> Path:
    """A kubeconfig of one context, beside the files that it may name."""
    (folder / "ca.pem").write_bytes(PEM)
    (folder / "token").write_text("from-a-file\n")
    body = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "shop",
        "contexts": [{"name": "shop", "context": {"cluster": "c", "user": "u", **context}}],
        "clusters": [{"name": "c", "cluster": {"server": SERVER, **(cluster or {})}}],
        "users": [{"name": "u", "user": {} if user is None else user}],
    }
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(body))
    return path


PLAIN: dict[str, dict[str, Any]] = {
    "nothing but an address": {},
    "an address with a slash at its end": {"cluster": {"server": f"{SERVER}/"}},
    "plain http, which trusts nobody": {
        "cluster": {"server": "http://10.0.0.1:8080", "certificate-authority-data": DATA},
        "user": {"token": "t"},
    },
    "data": {
        "cluster": {"certificate-authority-data": DATA},
        "user": {"client-certificate-data": DATA, "client-key-data": DATA},
    },
    "files beside it": {
        "cluster": {"certificate-authority": "ca.pem"},
        "user": {"client-certificate": "ca.pem", "client-key": "./ca.pem"},
    },
    "data before files": {"cluster": {"certificate-authority-data": DATA, "certificate-authority": "gone"}},
    "a token": {"user": {"token": "t"}, "namespace": "wines"},
    "a token and a certificate": {
        "user": {"token": "t", "client-certificate-data": DATA, "client-key-data": DATA}
    },
    "another name": {"cluster": {"tls-server-name": "api.example.com", "certificate-authority-data": DATA}},
    "no trust": {"cluster": {"insecure-skip-tls-verify": True}},
    "a proxy": {"cluster": {"proxy-url": "http://proxy.example.com:3128"}},
    "what minikube adds": {"cluster": {"extensions": [{"name": "x", "extension": {}}]}},
}


@pytest.mark.parametrize("given", PLAIN.values(), ids=PLAIN.keys())
def test_a_plain_file_means_what_it_means_to_the_library(given: dict[str, Any], tmp_path: Path) -> None:
    path = write(tmp_path, **given)

    read = read_kubeconfig(path, None)

    told = read_with_library(str(path), None, where="the kubeconfig")
    assert read is not None
    assert read == told
    assert read[0].authorization() == told[0].authorization()


@pytest.mark.covers("T18")
def test_a_token_in_a_file_is_read_again_while_the_library_reads_it_once(tmp_path: Path) -> None:
    path = write(tmp_path, user={"tokenFile": "token"})
    clock = ManualClock()
    token = TokenFile(tmp_path / "token", monotonic=clock.monotonic)
    read = read_kubeconfig(path, None)
    assert read is not None
    assert read[0].authorization() == token() == "Bearer from-a-file"

    (tmp_path / "token").write_text("renewed")

    clock.time = 59
    assert token() == "Bearer from-a-file"
    clock.time = 60
    assert token() == "Bearer renewed"
    (tmp_path / "token").write_text("")
    clock.time = 120
    with pytest.raises(ClusterMisconfigured, match=r"token is empty"):
        token()
    (tmp_path / "token").unlink()
    with pytest.raises(ClusterMisconfigured, match="cannot be read"):
        token()


ODD: dict[str, Any] = {
    "a plug-in": {"exec": {"command": "login", "apiVersion": "client.authentication.k8s.io/v1"}},
    "a provider": {"auth-provider": {"name": "oidc", "config": {}}},
    "a password": {"username": "u", "password": "p"},
    "something unknown": {"as": "someone"},
    "two tokens": {"token": "t", "tokenFile": "token"},
    "a token file that is not there": {"tokenFile": "gone"},
    "a certificate that is not there": {"client-certificate": "gone", "client-key": "gone"},
    "data that is none": {"client-certificate-data": "%", "client-key-data": 5},
    "a token that is no text": {"token": 5},
    "no user at all": [],
}


@pytest.mark.parametrize("user", ODD.values(), ids=ODD.keys())
def test_what_is_not_plain_is_left_to_the_library(user: Any, tmp_path: Path) -> None:
    if user == []:
        path = tmp_path / "kubeconfig"
        path.write_text("current-context: shop\ncontexts: []\n")
    else:
        path = write(tmp_path, user=user)
    assert read_kubeconfig(path, None) is None


@pytest.mark.parametrize("value", ["false", "true", 0, 1, []], ids=repr)
@pytest.mark.parametrize("user", [{}, {"username": "u", "password": "p"}], ids=["plain", "by the library"])
@pytest.mark.parametrize("key", ["insecure-skip-tls-verify", "disable-compression"])
def test_a_switch_is_true_or_false_and_nothing_that_could_be_taken_for_either(
    key: str, user: Any, value: object, tmp_path: Path
) -> None:
    path = write(tmp_path, cluster={key: value}, user=user)
    with pytest.raises(
        ClusterMisconfigured, match=f"{key} of the cluster c is .*; write true or false there"
    ):
        find_access(path, None)


def test_a_switch_counts_in_each_of_several_files(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = write(tmp_path / "other", cluster={"insecure-skip-tls-verify": "false"})
    with pytest.raises(ClusterMisconfigured, match='is "false"; write true or false there'):
        read_with_library(f"{write(tmp_path)}:{other}", None, where="the kubeconfig")


@pytest.mark.parametrize("value", [False, None])
def test_a_switch_that_is_off_leaves_the_server_verified(value: object, tmp_path: Path) -> None:
    access, _ = find_access(write(tmp_path, cluster={"insecure-skip-tls-verify": value}), None)
    assert access.verify


def test_a_plug_in_is_run_by_the_library(tmp_path: Path) -> None:
    expiry = "2999-01-01T00:00:00Z"
    script = tmp_path / "login"
    script.write_text(
        f'#!{sys.executable}\nprint(\'{{"apiVersion": "client.authentication.k8s.io/v1", '
        '"kind": "ExecCredential", "status": {"token": "from-a-plug-in", '
        f'"expirationTimestamp": "{expiry}"}}}}\')\n'
    )
    script.chmod(0o700)
    path = write(
        tmp_path,
        user={
            "exec": {
                "command": str(script),
                "apiVersion": "client.authentication.k8s.io/v1",
                "interactiveMode": "Never",
            }
        },
    )

    access, _ = find_access(path, None)

    assert access.authorization() == "Bearer from-a-plug-in"


def test_another_context_is_found_by_name(tmp_path: Path) -> None:
    path = write(tmp_path)
    body = yaml.safe_load(path.read_text())
    body["contexts"].append({"name": "other", "context": {"cluster": "d", "namespace": "n"}})
    body["clusters"].append({"name": "d", "cluster": {"server": "https://10.0.0.2"}})
    path.write_text(yaml.safe_dump(body))

    assert find_access(path, "other") == (Access(server="https://10.0.0.2"), "n")
    assert find_access(path, None) == (Access(server=SERVER), "default")
    with pytest.raises(ClusterMisconfigured, match="kubeconfig cannot be used"):
        find_access(path, "third")


class TestServiceAccount:
    def place(self, folder: Path) -> Mapping[str, str]:
        for name, text in (("token", "t1"), ("ca.crt", PEM.decode()), ("namespace", "wines\n")):
            (folder / name).write_text(text)
        return {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}

    def test_it_is_that_of_the_pod(self, tmp_path: Path) -> None:
        environment = self.place(tmp_path)

        found = read_service_account(tmp_path, environment)

        assert found is not None
        access, namespace = found
        assert access == Access(server="https://10.0.0.1:443", authority=PEM)
        assert access.authorization() == "Bearer t1"
        assert namespace == "wines"

    def test_an_address_of_the_newer_kind_stands_in_brackets(self, tmp_path: Path) -> None:
        environment = {**self.place(tmp_path), "KUBERNETES_SERVICE_HOST": "fd00::1"}
        found = read_service_account(tmp_path, environment)
        assert found is not None
        assert found[0].server == "https://[fd00::1]:443"

    def test_outside_a_pod_there_is_none(self, tmp_path: Path) -> None:
        environment = self.place(tmp_path)
        assert read_service_account(tmp_path, {}) is None
        (tmp_path / "token").unlink()
        assert read_service_account(tmp_path, environment) is None


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, ""),
        ({"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ({"https_proxy": "http://p:2", "HTTPS_PROXY": "http://p:1"}, "http://p:2"),
        ({"ALL_PROXY": "http://p:3"}, "http://p:3"),
        ({"HTTP_PROXY": "http://p:4"}, ""),
        *(
            ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": spared}, "")
            for spared in ("*", "10.0.0.0/8", "10.0.0.1", "localhost, 10.0.0.1", "10.0.0.1:6443")
        ),
        *(
            ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": spared}, "http://p:1")
            for spared in ("", "11.0.0.0/8", "example.com", "10.0.0.1:443", "nonsense/99")
        ),
    ],
)
def test_a_proxy_is_that_of_the_environment_unless_the_server_is_spared(
    environment: dict[str, str], expected: str
) -> None:
    assert find_proxy(SERVER, environment) == expected


@pytest.mark.parametrize(
    ("spared", "host", "expected"),
    [
        ("example.com", "api.example.com", ""),
        (".example.com", "api.example.com", ""),
        ("*.example.com", "api.example.com", ""),
        ("example.com", "example.com", ""),
        ("example.com", "badexample.com", "http://p:1"),
        ("10.0.0.0/8", "example.com", "http://p:1"),
    ],
)
def test_names_are_spared_with_all_below_them(spared: str, host: str, expected: str) -> None:
    environment = {"HTTPS_PROXY": "http://p:1", "NO_PROXY": spared}
    assert find_proxy(f"https://{host}", environment) == expected


def test_connecting_by_a_plain_file_does_not_load_the_library(tmp_path: Path) -> None:
    path = write(tmp_path, user={"token": "t"})
    script = (
        "import sys; from pathlib import Path; from reconciler.clients.cluster.kubernetes import connect; "
        f"connect(kubeconfig=Path({str(path)!r})); sys.exit('kubernetes' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
