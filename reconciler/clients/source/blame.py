"""Which commit last wrote which line of a file in the caller's own work tree (git-blame(1))."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from reconciler.clients.source.failures import clean
from reconciler.clients.source.moments import read_moment
from reconciler.clients.source.own_git import OwnGit
from reconciler.state.explanations import Written


def find_writers(git: OwnGit, path: str, content: bytes, lines: Collection[int]) -> Mapping[int, Written]:
    """Of these lines (from 1) of what the file holds now, who wrote them last.

    `path` is relative to git's folder. Raises SourceRefused and SourceUnreachable.
    """
    known = git.start(("rev-parse", "--verify", "--quiet", f"HEAD:./{path}"))
    if known.returncode != 0:
        # Neither the file, nor perhaps any commit.
        return {line: Written() for line in lines}
    # What the caller asks of git for people's eyes, such as commits that are passed over, is set aside.
    output = git.run(
        *("blame", "--porcelain", "--no-textconv", "--ignore-revs-file=", "--contents", "-"),
        *(f"-L{first},{last}" for first, last in _join_lines(lines)),
        *("--", path),
        data=content,
    )
    return _parse(output.decode("utf-8", "replace"), git)


def _join_lines(lines: Collection[int]) -> Iterator[tuple[int, int]]:
    """The first and last line of each run of lines: one argument each would be too many for a long file."""
    wanted = sorted(lines)
    firsts = [line for at, line in enumerate(wanted) if at == 0 or wanted[at - 1] < line - 1]
    lasts = [line for at, line in enumerate(wanted) if at == len(wanted) - 1 or line + 1 < wanted[at + 1]]
    yield from zip(firsts, lasts, strict=True)


def _parse(output: str, git: OwnGit) -> Mapping[int, Written]:
    """<name> <line then> <line now>, facts where the commit comes first, then a tab and the line itself."""
    numbers: dict[int, str] = {}
    facts: dict[str, dict[str, str]] = {}
    commit = ""
    for line in output.split("\n"):
        if line.startswith("\t"):
            commit = ""
        elif commit:
            key, _, value = line.partition(" ")
            facts[commit][key] = value
        elif line:
            commit, _, number, *_ = line.split(" ")
            numbers[int(number)] = commit
            facts.setdefault(commit, {})
    # The first commit of all is one, too, and so is that at which a clone was cut.
    bounded = any("boundary" in fact for fact in facts.values())
    cut = bounded and git.text("rev-parse", "--is-shallow-repository") == "true"
    made = {name: _make(name, fact, cut=cut) for name, fact in facts.items()}
    return {number: made[name] for number, name in numbers.items()}


def _make(name: str, fact: Mapping[str, str], *, cut: bool) -> Written:
    if not name.strip("0"):
        return Written()
    return Written(
        commit=name,
        author=clean(fact["author"]),
        email=clean(fact["author-mail"].removeprefix("<").removesuffix(">")),
        moment=read_moment(fact["committer-time"]),
        cut=cut and "boundary" in fact,
    )
