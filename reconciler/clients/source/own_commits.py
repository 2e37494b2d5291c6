"""Trees and commits written into the caller's repository, beside work tree and index."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.clients.source.own_git import OwnGit


def put_files(git: OwnGit, tree: str, files: Mapping[str, bytes]) -> str:
    """The name of a tree like `tree` with these files, by path relative to git's folder."""
    prefix = git.prefix()
    for path, content in sorted(files.items()):
        # By its path, so that line ends are stored as the repository stores them.
        blob = git.text("hash-object", "-w", "--stdin", f"--path={path}", data=content)
        tree = _put(git, tree, f"{prefix}{path}".split("/"), blob)
    return tree


def write_commit(git: OwnGit, tree: str, parents: tuple[str, ...], message: str) -> str:
    """The name of a new commit, signed where the caller signs. Raises SourceRefused without a name to put."""
    sign = ("-S",) if _is_signing(git) else ()
    above = (word for parent in parents for word in ("-p", parent))
    return git.text("commit-tree", *sign, tree, *above, "-F", "-", data=message.encode("utf-8"))


def _put(git: OwnGit, tree: str, steps: list[str], blob: str) -> str:
    """The name of a tree like `tree` (empty: none yet) with a file at the path that `steps` are."""
    first, *rest = steps
    entries: dict[bytes, bytes] = {}
    for entry in git.run("ls-tree", "-z", "--full-tree", tree).split(b"\0") if tree else ():
        # <mode> <type> <name>\t<file>, git-ls-tree(1).
        if entry:
            entries[entry.partition(b"\t")[2]] = entry
    name = first.encode("utf-8", "surrogateescape")
    there = entries.get(name, b"").partition(b"\t")[0].decode("ascii").split()
    if rest:
        below = _put(git, there[2] if there[1:2] == ["tree"] else "", rest, blob)
        entries[name] = f"040000 tree {below}\t".encode("ascii") + name
    else:
        mode = there[0] if there[1:2] == ["blob"] else "100644"
        entries[name] = f"{mode} blob {blob}\t".encode("ascii") + name
    return git.text("mktree", "-z", data=b"".join(entry + b"\0" for entry in entries.values()))


def _is_signing(git: OwnGit) -> bool:
    answer = git.run("config", "--type=bool", "--get", "commit.gpgSign", codes=(0, 1))
    return answer.strip() == b"true"
