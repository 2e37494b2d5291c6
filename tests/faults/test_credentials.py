"""Tokens that end: between two runs, and in the middle of one."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import yaml

from tests.deploy.test_role import RULES
from tests.e2e.conftest import Team
from tests.faults.between import Once, is_rehearsal
from tests.support.accounts import make_account
from tests.support.proxy import Proxy
from tests.support.waiting import wait_until


def make_token(team: Team, folder: Path, account: str) -> str:
    """A token of a new service account that may do what the shipped Role allows."""
    kubeconfig = make_account(team.cluster, team.namespace, folder, rules=RULES, name=account)
    return str(yaml.safe_load(kubeconfig.read_text())["users"][0]["user"]["token"])


def revoke(team: Team, token: str, account: str) -> None:
    """End the account, and so its tokens; the API server may remember a token for ten seconds."""
    api = team.cluster.api
    api.demand("DELETE", f"/api/v1/namespaces/{team.namespace}/serviceaccounts/{account}")
    review = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "spec": {"token": token},
    }
    path = "/apis/authentication.k8s.io/v1/tokenreviews"
    wait_until(
        lambda: not api.demand("POST", path, review)["status"].get("authenticated"),
        "the token is not accepted any more",
        patience=60,
    )


def write_kubeconfig(team: Team, folder: Path, server: str, token: Path) -> Path:
    """A kubeconfig whose token stands in a file of its own."""
    cluster: dict[str, object] = {"server": server}
    if server.startswith("https:"):
        cluster["certificate-authority"] = str(team.cluster.ca_file)
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "own", "cluster": cluster}],
        "users": [{"name": "own", "user": {"tokenFile": str(token)}}],
        "contexts": [
            {"name": "own", "context": {"cluster": "own", "user": "own", "namespace": team.namespace}}
        ],
        "current-context": "own",
    }
    path = folder / "token.kubeconfig"
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.mark.covers("T18")
def test_a_token_that_was_replaced_in_its_file_is_the_one_that_counts(team: Team, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(make_token(team, tmp_path, "first"))
    kubeconfig = write_kubeconfig(team, tmp_path, team.cluster.server, file)
    assert team.shop.run("sync", "production", kubeconfig=kubeconfig).code == 0
    revoke(team, file.read_text(), "first")

    refused = team.shop.run("sync", "production", kubeconfig=kubeconfig)
    file.write_text(make_token(team, tmp_path, "second"))
    accepted = team.shop.run("sync", "production", kubeconfig=kubeconfig)

    assert refused.code == 2, refused.out + refused.err
    said = refused.out + refused.err
    assert "have expired" in said
    assert "token file" in said
    assert file.read_text() not in said
    assert accepted.code == 0, accepted.out + accepted.err
    assert "in sync" in accepted.out


@pytest.mark.covers("T18", "S5")
def test_a_token_that_ends_in_mid_run_ends_the_run_before_it_writes(team: Team, tmp_path: Path) -> None:
    file = tmp_path / "token"
    token = make_token(team, tmp_path, "short-lived")
    file.write_text(token)
    hook = Once(is_rehearsal, lambda: revoke(team, token, "short-lived"))
    trust = ssl.create_default_context(cafile=str(team.cluster.ca_file))

    with Proxy(team.cluster.server, after=hook, context=trust) as proxy:
        kubeconfig = write_kubeconfig(team, tmp_path, proxy.uri, file)
        # Long enough for no renewal to meet the end of the token before the run itself does.
        ended = team.shop.run("sync", "production", "--lease-duration", "60s", kubeconfig=kubeconfig)

    assert hook.done
    assert ended.code == 2, ended.out + ended.err
    assert "have expired" in ended.out + ended.err
    assert token not in ended.out + ended.err
    assert team.live() == {}
    # The Lease could not be given back; a person need not wait for it to run out.
    lease = f"/apis/coordination.k8s.io/v1/namespaces/{team.namespace}/leases/modelsync-production"
    assert team.cluster.api.demand("DELETE", lease)["status"] == "Success"
    assert team.sync().code == 0
    assert set(team.live()) == {"wines", "prices"}
