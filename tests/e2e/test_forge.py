"""From an edit to what is served, by way of a pull request: real git, a real forge, a real API server."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from reconciler.clients.forge.interface import Forge, ForgeAccess, Status, StatusState
from reconciler.clients.forge.remote import find_forge
from reconciler.clients.forge.reviews import find_approvers
from reconciler.clients.forge.sticky import Kept, keep_comment
from reconciler.report.comment import MARKER
from scripts.local_cluster.gitea import GiteaServer
from tests.e2e.conftest import Team
from tests.support.forge import People, make_people, make_repository
from tests.support.waiting import wait_until

SECRET = "only the forge knows"
MOVE = ("traffic", "production/wines", "v1=70", "v2=30")


@dataclass(slots=True)
class Hooks:
    """What the forge told by its webhook: the events, and those pushes whose signature was right."""

    url: str
    pushes: list[dict[str, Any]] = field(default_factory=list)
    forged: int = 0

    def find_push(self, branch: str) -> dict[str, Any] | None:
        return next((push for push in self.pushes if push["ref"] == f"refs/heads/{branch}"), None)


@contextmanager
def listen() -> Iterator[Hooks]:
    """A receiver of webhooks on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
            if not hmac.compare_digest(signature, self.headers.get("X-Hub-Signature-256", "")):
                hooks.forged += 1
            elif self.headers.get("X-GitHub-Event") == "push":
                hooks.pushes.append(json.loads(body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hooks = Hooks(url=f"http://127.0.0.1:{server.server_address[1]}/")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hooks
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Ada's repository at the forge, with what the team declares, and main protected."""

    server: GiteaServer
    people: People
    name: str
    team: Team

    @property
    def address(self) -> str:
        return f"{self.server.address}/{self.name}.git"

    def forge(self) -> Forge:
        environment = {"GITEA_SERVER_URL": self.server.address, "GITEA_TOKEN": self.people.ada.token}
        return find_forge(self.address, ForgeAccess(), environment)

    def propose(self, token_file: Path) -> str:
        """Run the edit as a pull request; what it printed."""
        access = ("--forge", "gitea", "--forge-url", self.server.address)
        options = ("--pull-request", "--yes", *access, "--forge-token-file", str(token_file))
        ended = self.team.run(*MOVE, *options)
        assert ended.code == 0, ended.out + ended.err
        return ended.out

    def merge(self, number: int, revision: str) -> int:
        """The status of Ada's merge of just this commit, once the forge has judged the last push."""
        body = {"Do": "merge", "head_commit_id": revision}

        def look() -> int | None:
            path = f"/repos/{self.name}/pulls/{number}/merge"
            status, told = self.server.call("POST", path, body, account=self.people.ada)
            return None if status == 405 and "try again later" in str(told) else status

        return wait_until(look, "the forge judges the merge")

    def sync(self) -> str:
        """Sync main of the forge; what was printed."""
        ended = self.team.sync("--repository", self.address, "--ref", "main")
        assert ended.code == 0, ended.out + ended.err
        return ended.out


def open_place(server: GiteaServer, team: Team, hooks: Hooks) -> Place:
    people = make_people(server)
    place = Place(server=server, people=people, name=make_repository(server, people), team=team)
    team.shop.git("remote", "add", "origin", server.git_address(people.ada, place.name))
    team.shop.git("push", "--quiet", "origin", "main")
    for key, value in (("user.name", "Ada"), ("user.email", "ada@example.com")):
        team.shop.git("config", key, value)
    rule = {
        "rule_name": "main",
        "enable_push": False,
        "required_approvals": 1,
        "dismiss_stale_approvals": True,
        "enable_status_check": True,
        "status_check_contexts": ["modelsync"],
        "block_admin_merge_override": True,
    }
    hook = {
        "type": "gitea",
        "active": True,
        "events": ["push"],
        "config": {"url": hooks.url, "content_type": "json", "secret": SECRET},
    }
    wait_until(
        lambda: not server.demand("GET", f"/repos/{place.name}")["empty"], "the forge sees the first push"
    )
    server.demand("POST", f"/repos/{place.name}/branch_protections", rule, account=people.ada)
    server.demand("POST", f"/repos/{place.name}/hooks", hook, account=people.ada)
    return place


def test_a_proposed_share_is_reviewed_merged_told_and_synced(team: Team, tmp_path: Path) -> None:
    with listen() as hooks, GiteaServer() as server:
        place = open_place(server, team, hooks)
        forge, ada, bob = place.forge(), place.people.ada, place.people.bob
        place.sync()
        assert team.shares("wines") == {"v1": 90, "v2": 10}

        # The edit is pushed and proposed; a second run leaves it as it is.
        token_file = tmp_path / "token"
        token_file.write_text(ada.token)
        assert "opened pull request 1: " in place.propose(token_file)
        assert "left as it is: pull request 1: " in place.propose(token_file)
        (pull,) = forge.list_open()
        assert pull.title == "production/wines: v1 90 → 70 % and v2 10 → 30 %"

        # One comment shows the plan, and is written anew in its place.
        planned = team.run("plan", "--base", "main", "--head", pull.head, "-o", "markdown")
        assert planned.code == 0, planned.err
        first = keep_comment(forge, 1, MARKER, f"{MARKER} -->\nchecking …")
        second = keep_comment(forge, 1, MARKER, planned.out)
        assert (first.done, second.done) == (Kept.ADDED, Kept.EDITED)
        (comment,) = forge.list_comments(1)
        assert comment.id == first.comment.id
        assert "`production/wines`" in comment.body

        # Nothing is merged before the status and somebody else's approval; not even pushed.
        assert place.merge(1, pull.head) == 405
        forge.set_status(pull.head, Status(name="modelsync", state=StatusState.SUCCESS))
        assert place.merge(1, pull.head) == 405
        review = {"event": "APPROVED", "commit_id": pull.head}
        assert server.call("POST", f"/repos/{place.name}/pulls/1/reviews", review, account=ada)[0] == 422
        server.demand("POST", f"/repos/{place.name}/pulls/1/reviews", review, account=bob)
        assert find_approvers(forge.read_pull_request(1), forge.list_reviews(1)) == ("bob",)
        assert hooks.find_push("main") is None
        assert place.merge(1, pull.head) == 200

        # The forge tells of it, and what was merged is what is served.
        push = wait_until(lambda: hooks.find_push("main"), "the webhook of the merge")
        assert push["after"] == forge.read_pull_request(1).merged
        assert hooks.forged == 0
        out = place.sync()
        assert push["after"][:7] in out
        assert "v1 90 → 70 %, v2 10 → 30 %" in out
        assert team.shares("wines") == {"v1": 70, "v2": 30}
        assert team.shares("prices") == {"v1": 100}

        # Whoever asks later is told who approved it; of what was pushed before it is not known.
        access = ("--forge", "gitea", "--forge-url", server.address, "--forge-token-file", str(token_file))
        told = team.run("history", "production/wines", "--repository", place.address, "--approvals", *access)
        assert told.code == 0, told.err
        said = [line.strip() for line in told.out.splitlines() if "approved by " in line]
        unknown = "the forge knows of no pull request into main that became this commit"
        assert said == [
            f"approved by bob: pull request 1 by ada, {pull.address}",
            f"approved by whom is not known: {unknown}",
        ]
