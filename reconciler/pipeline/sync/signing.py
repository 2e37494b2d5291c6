"""Whose commits may come into a target: those that a key from the trusted base signed.

The trusted base is what was applied last, or a file that is mounted; never the commits under test, which
could bring their own keys. What was applied is trusted, so a commit that it is already is not asked again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reconciler.clients.source.interface import (
    Revision,
    RevisionNotFound,
    Signature,
    SignatureState,
    Source,
)
from reconciler.settings import Settings, SettingsError
from reconciler.state.plans import Refusal

_SIGNERS_FOLDER = ".modelsync"
SIGNERS_FILE = f"{_SIGNERS_FOLDER}/allowed-signers"
"""Where a repository keeps the keys that may sign, in the form of ssh-keygen(1), ALLOWED SIGNERS."""

RULE = "signed-commits"

_LIMIT = 1_000
"""Commits that are checked at most; each takes two processes."""

_SHOWN = 10

_WORDS = {
    SignatureState.UNSIGNED: "is not signed",
    SignatureState.NOT_SSH: "is not signed with an SSH key",
    SignatureState.UNKNOWN_KEY: "is signed with a key that may not sign",
    SignatureState.OUT_OF_DATE: "is signed with a key that was not valid at the time of the commit",
    SignatureState.BAD: "carries a signature that is not its own",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Which commits must be signed (`off`, `head` or `range`), and by whom: None for those of the base."""

    mode: str
    signers: bytes | None = None

    @property
    def digest(self) -> str:
        """Tells one trust from another."""
        given = b"base" if self.signers is None else b"file" + self.signers
        return f"{self.mode} {hashlib.sha256(given).hexdigest()}" if self.mode != "off" else "off"


def read_trust(settings: Settings) -> Trust:
    """What the settings say of signatures. Raises SettingsError for a file that cannot be used."""
    if settings.verify_commits == "off":
        if settings.allowed_signers is not None:
            raise SettingsError(
                "--allowed-signers is given, but no signature would be checked; "
                "say which are with --verify-commits head, or range."
            )
        return Trust(mode="off")
    file = settings.allowed_signers
    return Trust(mode=settings.verify_commits, signers=_read_signers(file) if file is not None else None)


def _read_signers(file: Path) -> bytes:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise SettingsError(f"{file} (--allowed-signers) cannot be read: {error.strerror}.") from error
    if not any(line.strip() and not line.startswith(b"#") for line in content.splitlines()):
        raise SettingsError(f"{file} (--allowed-signers) names nobody, so no commit could ever be trusted.")
    return content


def trust_all(applied: str) -> tuple[Refusal, ...]:
    """Nothing against any commit: for what asks nobody to sign."""
    del applied
    return ()


def ask_signatures(
    source: Source, revision: Revision, trust: Trust, environment: str
) -> Callable[[str], tuple[Refusal, ...]]:
    """What is to be said against bringing an applied revision (empty: none yet) to this run's.

    In range mode every commit counts that changes the models, the environment or who may sign, and every
    merge that brings a change of them; otherwise the last commit alone. No waiver lifts this: it would come
    with those commits.
    """
    known: dict[str, tuple[Refusal, ...]] = {}

    def judge(applied: str) -> tuple[Refusal, ...]:
        base = applied.rpartition(":")[2]
        if trust.mode == "off" or base == revision.sha:
            return ()
        if base not in known:
            question = _Question(source=source, revision=revision, trust=trust, environment=environment)
            known[base] = tuple(_judge(question, base))
        return known[base]

    return judge


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    source: Source
    revision: Revision
    trust: Trust
    environment: str


def _judge(question: _Question, base: str) -> Iterator[Refusal]:
    signers, problem = _find_signers(question, base)
    if signers is None:
        yield _refuse(
            question,
            problem,
            "Name a file of allowed signers that is not part of the repository: --allowed-signers FILE.",
        )
        return
    commits = _list_commits(question, base)
    if len(commits) > _LIMIT:
        yield _refuse(
            question,
            f"{len(commits)} commits would come in, of which {_LIMIT} at most are checked.",
            "Sync a commit on the way first (--ref), or check the last one alone (--verify-commits head).",
        )
        return
    found = [question.source.check_signature(sha, signers) for sha in commits]
    bad = [item for item in found if item.state is not SignatureState.GOOD]
    if not bad:
        return
    lines = [
        f"{len(bad)} of {len(found)} commits up to {question.revision} are not signed by anybody who may."
    ]
    lines += [f"  {_describe(item)}" for item in bad[:_SHOWN]]
    if len(bad) > _SHOWN:
        lines.append(f"  … {len(bad) - _SHOWN} more")
    keys = (
        "--allowed-signers"
        if question.trust.signers is not None
        else f"{SIGNERS_FILE} as it was applied last"
    )
    yield _refuse(
        question,
        "\n".join(lines),
        f"Who may sign stands in {keys}. Have these commits made again by somebody who may: "
        "git rebase --exec 'git commit --amend --no-edit -S'. There is no waiver for this.",
    )


def _find_signers(question: _Question, base: str) -> tuple[bytes | None, str]:
    """The keys that may sign, or why they are not known."""
    if question.trust.signers is not None:
        return question.trust.signers, ""
    if not base:
        return (
            None,
            f"nothing was applied yet, so there is no trusted commit whose {SIGNERS_FILE} could be used.",
        )
    try:
        content = question.source.read_file(base, SIGNERS_FILE)
    except RevisionNotFound:
        return None, (
            f"the commit that was applied last, {base[:12]}, is not in the repository, "
            f"so its {SIGNERS_FILE} is not known."
        )
    if content is None:
        return None, f"the commit that was applied last, {base[:12]}, has no {SIGNERS_FILE}."
    return content, ""


def _list_commits(question: _Question, base: str) -> tuple[str, ...]:
    head = question.revision.sha
    if question.trust.mode == "head":
        return (head,)
    # Who may sign is among it: once applied, a key that nobody vouched for would vouch for the next commit.
    folders = ("models", f"environments/{question.environment}", _SIGNERS_FOLDER)
    try:
        return question.source.list_touching(base, head, folders)
    except RevisionNotFound:
        # What was applied is not there to be left out, so all of the history comes in.
        return question.source.list_touching("", head, folders)


def _describe(item: Signature) -> str:
    key = f" ({item.key})" if item.key else ""
    detail = f": {item.detail}" if item.detail else ""
    return f"{item.sha[:12]} {_WORDS[item.state]}{key}{detail}"


def _refuse(question: _Question, message: str, advice: str) -> Refusal:
    return Refusal(rule=RULE, message=message, advice=advice, objects=(question.environment,))
