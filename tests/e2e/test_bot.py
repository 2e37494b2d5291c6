"""`auto: rollback`: what fails in a real cluster is proposed to go back at a real forge, and is well then."""

from __future__ import annotations

from pathlib import Path

from scripts.local_cluster import LocalCluster
from scripts.local_cluster.gitea import GiteaServer
from tests.conftest import MakeNamespace
from tests.support.forge import People, Scene, make_repository
from tests.support.git_servers import Repository
from tests.support.shop import Ended, Shop, make_record

BRANCH = "modelsync/bot/production/wines"


def test_what_failed_past_its_deadline_gets_its_way_back_proposed_once(
    forge_server: GiteaServer,
    people: People,
    operator_cluster: LocalCluster,
    make_operator_namespace: MakeNamespace,
    tmp_path: Path,
) -> None:
    name = make_repository(forge_server, people)
    shop = Shop(tmp_path / "shop")
    shop.git("config", "user.name", "modelsync bot")
    shop.git("config", "user.email", "bot@example.com")
    shop.git("remote", "add", "origin", forge_server.git_address(people.ada, name))
    shop.add_environment("production", make_operator_namespace("production"), "auto: rollback")
    token = tmp_path / "token"
    token.write_text(people.ada.token, encoding="utf-8")
    scene = Scene(
        server=forge_server, people=people, name=name, work=Repository(tmp_path / "unused"), source=BRANCH
    )

    def run(*arguments: str) -> Ended:
        return shop.run(*arguments, kubeconfig=operator_cluster.kubeconfig)

    def bot() -> Ended:
        address = ("--forge-url", forge_server.address, "--forge-token-file", str(token))
        return run("bot", "--forge", "gitea", *address)

    shop.declare("production/wines", {1: 100})
    shop.commit("v1 serves")
    shop.git("push", "--quiet", "origin", "main")
    assert run("sync", "production", "--wait", "60s").code == 0
    well = bot()
    assert (well.code, well.out) == (0, "1 deployment is well.\n"), well

    crashing = make_record(2).replace("mlflow-artifacts:/1/", "mlflow-artifacts:/play-crash-loop/")
    shop.write("models/wines/versions/2.yaml", crashing)
    shop.declare("production/wines", {1: 90, 2: 10}, "serving: {startup: 5s}")
    shop.commit("v2 joins")
    shop.git("push", "--quiet", "origin", "main")
    # What is declared and not applied yet is on its way.
    assert bot().code == 0
    assert scene.forge().list_open() == ()
    assert run("sync", "production", "--wait", "60s").code == 6

    first, second = bot(), bot()

    (pull,) = scene.forge().list_open()
    assert first.code == second.code == 0, (first, second)
    assert first.out.startswith(f"production/wines: opened {pull.address}: back to v1 100 %, without v2 (it ")
    assert second.out.startswith(f"production/wines: open {pull.address}: it failed past its deadline: ")
    assert pull.title == "production/wines: back to v1 100 %, without v2"
    changed = {file.path for file in scene.forge().list_changed_files(pull.number)}
    assert changed == {
        "environments/production/deployments/wines.yaml",
        "environments/production/exceptions.yaml",
    }

    assert scene.merge(pull.number, pull.head) == 200
    shop.git("fetch", "--quiet", "origin")
    shop.git("reset", "--quiet", "--hard", "origin/main")
    assert run("sync", "production", "--wait", "60s").code == 0
    assert bot().out == "1 deployment is well.\n"
    assert scene.forge().list_open() == ()
