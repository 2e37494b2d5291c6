"""A repository at a real forge, with people who have rights there, and what only they can do."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path

from reconciler.clients.forge.interface import Forge, ForgeAccess, NewPullRequest, PullRequest
from reconciler.clients.forge.remote import find_forge
from reconciler.clients.forge.transport import Patience
from scripts.local_cluster.gitea import Account, GiteaServer
from tests.support.answering import ManualClock
from tests.support.git_servers import Repository
from tests.support.waiting import wait_until

TITLE = "production/wines: v5 takes 10 %"


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who has an account: Ada owns the repository, Bob may write to it, Eve may see it, as all may."""

    ada: Account
    bob: Account
    eve: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One repository at the forge, of Ada's, with a commit on main and one more on branch `source`."""

    server: GiteaServer
    people: People
    name: str
    work: Repository
    source: str = "release/wines"

    @property
    def new(self) -> NewPullRequest:
        return NewPullRequest(title=TITLE, body="Because.", source=self.source, target="main")

    @property
    def path(self) -> str:
        return f"/repos/{self.name}"

    def forge(
        self,
        account: Account | None = None,
        address: str = "",
        patience: Patience | None = None,
        clock: ManualClock | None = None,
    ) -> Forge:
        """The port, as Ada or as somebody else; `address` may be that of a proxy."""
        base = address or self.server.address
        token = (account or self.people.ada).token
        environment = {"GITEA_SERVER_URL": base, "GITEA_TOKEN": token}
        remote = f"{base}/{self.name}.git"
        # A machine may be kept busy by others; what is tested is never how long an answer takes.
        patience = patience or Patience(timeout=60.0)
        if clock is None:
            return find_forge(remote, ForgeAccess(), environment, patience=patience)
        return find_forge(remote, ForgeAccess(), environment, patience=patience, sleep=clock.sleep)

    def push(self, **files: str) -> str:
        """One more commit on the branch, at the forge, too."""
        self.work.git("checkout", "--quiet", self.source)
        revision = self.work.commit(**files)
        self.work.git("push", "--quiet", "origin", self.source)
        return revision

    def open(self) -> PullRequest:
        return self.forge().open_pull_request(self.new)

    def review(self, account: Account, number: int, event: str, revision: str = "") -> None:
        body = {"event": event, "body": "Looked at.", **({"commit_id": revision} if revision else {})}
        self.server.demand("POST", f"{self.path}/pulls/{number}/reviews", body, account=account)

    def merge(self, number: int, revision: str, how: str = "squash") -> int:
        """The status of a merge of just this commit, once the forge has looked at the last push.

        `how` is one of the forge's own words: squash, rebase.
        """
        body = {"Do": how, "head_commit_id": revision}

        def look() -> int | None:
            status, told = self.server.call("POST", f"{self.path}/pulls/{number}/merge", body)
            return None if status == 405 and "try again later" in str(told) else status

        return wait_until(look, "the forge judges the merge")


def make_people(server: GiteaServer) -> People:
    """Their accounts."""
    ada, bob, eve = (server.make_account(name) for name in ("ada", "bob", "eve"))
    return People(ada=ada, bob=bob, eve=eve)


def make_repository(server: GiteaServer, people: People) -> str:
    """A new repository of Ada's that Bob may write to, still empty: `ada/NAME`."""
    name = f"models-{uuid.uuid4().hex[:8]}"
    server.demand("POST", "/user/repos", {"name": name, "default_branch": "main"}, account=people.ada)
    server.demand("PUT", f"/repos/ada/{name}/collaborators/bob", {"permission": "write"}, account=people.ada)
    return f"ada/{name}"


def make_scene(server: GiteaServer, people: People, folder: Path, *more: str) -> Scene:
    """A repository of its own, with branches release/wines and those that are named, all of one commit."""
    name = make_repository(server, people)
    work = Repository(folder / "work")
    work.commit(**{"wines.yaml": "v3: 100\n", "old.yaml": "kept: yes\n" * 20, "gone.yaml": "x: 1\n"})
    work.git("checkout", "--quiet", "-b", "release/wines")
    work.commit(TITLE, **{"wines.yaml": "v3: 90\nv5: 10\n"})
    for branch in more:
        work.git("branch", branch)
    work.git("remote", "add", "origin", server.git_address(people.ada, name))
    work.git("push", "--quiet", "--all", "origin")
    return Scene(server=server, people=people, name=name, work=work)
