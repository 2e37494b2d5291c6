"""One run of the registry bot: what each deployment asks for, and one pull request that says so.

Registry, cluster and forge are read first, then each deployment is settled by itself: what goes wrong with
one is told, and leaves its pull request as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from reconciler.clients.cluster.interface import ClusterError
from reconciler.clients.forge.interface import ForgeError
from reconciler.clients.registry.interface import Progress, RegistryError, RegistryReader
from reconciler.clients.source.interface import SourceError
from reconciler.edit.shares import RequestRefused
from reconciler.edit.tree import EditRefused
from reconciler.pin.session import Reading, read_version
from reconciler.pipeline.bot.changes import propose_version, propose_way_back, want
from reconciler.pipeline.bot.facts import Registry, Watched, hash_facts, hash_file, list_held, list_watched
from reconciler.pipeline.bot.pulls import Intent, Pulls, PullTools
from reconciler.pipeline.edits.edit import Workspace
from reconciler.pipeline.outcomes import find_outcome
from reconciler.plan.following import Failing, choose, judge_failure, list_sick
from reconciler.settings import SettingsError
from reconciler.state.bot import BotResult, Word
from reconciler.state.declarations import Follow
from reconciler.state.observations import HealthWord
from reconciler.state.outcomes import Outcome
from reconciler.state.runs import DeploymentStatus, TargetStatus

_EXPECTED = (
    ClusterError,
    EditRefused,
    ForgeError,
    RegistryError,
    RequestRefused,
    SettingsError,
    SourceError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BotTools:
    """What the bot works with. All that opens or reads something is called only where a declaration asks.

    Where none does, `has_branches` tells whether there may be pull requests of earlier runs. `read_status`
    is that of an environment; `reading` and `progress` are for records that are pinned.
    """

    open_pulls: Callable[[], PullTools]
    has_branches: Callable[[], bool]
    open_registry: Callable[[], RegistryReader]
    read_status: Callable[[str], tuple[TargetStatus, ...]]
    reading: Reading
    progress: Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What was read. A result in place of something that was to be read says why it is not known."""

    workspace: Workspace
    tools: BotTools
    pulls: Pulls
    statuses: Mapping[str, tuple[TargetStatus, ...] | BotResult]
    registry: Registry | BotResult | None


def run_bot(workspace: Workspace, tools: BotTools, *, dry_run: bool) -> tuple[BotResult, ...]:
    """Look after every deployment that asks for it, by id, then close what was proposed for those of before.

    Where none asks for it, and none did, neither registry nor cluster nor forge is asked anything.
    Raises SourceError and ForgeError where branches or pull requests cannot be read.
    """
    watched = list_watched(workspace)
    if not watched and not tools.has_branches():
        return ()
    run = _Run(
        workspace=workspace,
        tools=tools,
        pulls=Pulls(workspace, tools.open_pulls(), dry_run=dry_run),
        statuses=_read_statuses(watched, tools),
        registry=_open_registry(workspace, watched, tools),
    )
    results = tuple(_look_after(run, item) for item in watched)
    known = {item.id for item in watched}
    return (*results, *(_let_go(run, name) for name in run.pulls.list_open() if name not in known))


def _read_statuses(
    watched: Iterable[Watched], tools: BotTools
) -> Mapping[str, tuple[TargetStatus, ...] | BotResult]:
    found: dict[str, tuple[TargetStatus, ...] | BotResult] = {}
    for name in sorted({item.environment.name for item in watched if item.goes_back and not item.idle}):
        try:
            found[name] = tools.read_status(name)
        except _EXPECTED as error:
            found[name] = _tell_error(name, error)
    return found


def _open_registry(
    workspace: Workspace, watched: Iterable[Watched], tools: BotTools
) -> Registry | BotResult | None:
    """What the registry has of all models that are followed, in two requests; None where none is."""
    names: set[str] = set()
    follows = [item for item in watched if item.follow is not None and not item.idle]
    for item in follows:
        try:
            names.add(want(workspace, item, 1).name)
        except SettingsError:
            # Told where the deployment is looked after.
            continue
    if not names:
        return None
    aliases = any(item.follow is not None and item.follow.alias is not None for item in follows)
    try:
        return Registry(tools.open_registry(), tuple(sorted(names)), aliases=aliases)
    except _EXPECTED as error:
        return _tell_error("", error)


def _tell_error(name: str, error: Exception) -> BotResult:
    """An error as a result; one that nobody expected is raised again."""
    outcome = find_outcome(error)
    if outcome is None:
        raise error
    return _tell_unseen(name, str(error).removeprefix(f"{name}: "), outcome)


def _tell_unseen(name: str, text: str, outcome: Outcome) -> BotResult:
    word = Word.UNDECIDED if outcome is Outcome.UNDECIDED else Word.FAULTY
    return BotResult(id=name, word=word, text=text, outcome=outcome)


def _look_after(run: _Run, watched: Watched) -> BotResult:
    if watched.idle and watched.faulty:
        return _tell_unseen(watched.id, watched.idle, Outcome.FINDINGS)
    if watched.idle:
        return BotResult(id=watched.id, word=Word.LEFT, text=watched.idle)
    try:
        intent = _intend(run, watched)
        return intent if isinstance(intent, BotResult) else run.pulls.settle(watched.id, intent)
    except _EXPECTED as error:
        return _tell_error(watched.id, error)


def _let_go(run: _Run, name: str) -> BotResult:
    """What becomes of the open pull request of a deployment (by id) that asks for nothing any more."""
    folder, _, deployment = name.partition("/")
    environment = run.workspace.repository.environments.get(folder)
    reason = "there is no such deployment any more"
    if environment is not None:
        if environment.environment is None or deployment in environment.faulty_deployments:
            said = "its declaration cannot be read, so what it follows is not known"
            return _tell_unseen(name, said, Outcome.FINDINGS)
        if deployment in environment.deployments:
            reason = "it follows nothing any more"
    try:
        return run.pulls.settle(name, Intent(reason=reason))
    except _EXPECTED as error:
        return _tell_error(name, error)


def _intend(run: _Run, watched: Watched) -> Intent | BotResult:
    if watched.goes_back:
        intent = _intend_way_back(run, watched, run.statuses[watched.environment.name])
        if intent is not None:
            return intent
    if watched.follow is None:
        return Intent(reason="nothing failed", word=Word.WELL)
    if isinstance(run.registry, BotResult):
        return replace(run.registry, id=watched.id)
    return _intend_version(run, watched, watched.follow, run.registry)


def _intend_way_back(
    run: _Run, watched: Watched, status: tuple[TargetStatus, ...] | BotResult
) -> Intent | BotResult | None:
    """What a deployment's health asks for; None where it asks for nothing."""
    if isinstance(status, BotResult):
        return replace(status, id=watched.id)
    for target in status:
        if target.message:
            return _tell_unseen(watched.id, target.message, target.outcome)
        for item in target.deployments:
            intent = _judge(run, watched, target, item) if item.name == watched.name else None
            if intent is not None:
                return intent
    return None


def _judge(
    run: _Run, watched: Watched, target: TargetStatus, item: DeploymentStatus
) -> Intent | BotResult | None:
    overdue = target.outcome is Outcome.UNHEALTHY
    failing = judge_failure(item.health, item.declared, item.applied, overdue=overdue)
    why = item.health.reason or item.health.word.value
    if failing is Failing.WAITS:
        said = f"it failed ({why}), and sync has not applied what is declared now"
        return BotResult(id=watched.id, word=Word.LEFT, text=said)
    files = run.workspace.worktree.files
    exceptions = files.get(f"environments/{watched.environment.name}/exceptions.yaml")
    facts = hash_facts("rollback", watched.id, hash_file(files.get(watched.file)), hash_file(exceptions))
    # One that is open stays until all is well: what failed starts again, and fails again.
    lasting = item.health.word is not HealthWord.CURRENT and run.pulls.find(watched.id).told == facts
    if failing is not Failing.ROLLBACK and not lasting:
        return None
    return Intent(
        reason=f"it failed past its deadline: {why}",
        facts=facts,
        make=lambda: propose_way_back(
            run.workspace, watched, run.pulls.source, list_sick(item.health), f"failed: {why}"
        ),
    )


def _intend_version(run: _Run, watched: Watched, follow: Follow, registry: Registry | None) -> Intent:
    name = want(run.workspace, watched, 1).name
    if registry is None:
        raise SettingsError(f"{watched.id}: its model is not known; modelsync validate says why.")
    market = registry.describe(name, watched.deployment, follow)
    held = list_held(watched, market.candidates, run.workspace.now)
    choice = choose(follow, watched.deployment, market, held)
    if choice.version is None:
        return Intent(reason=choice.reason)
    found = registry.find(name, choice.version)
    record = want(run.workspace, watched, choice.version).path
    files = run.workspace.worktree.files
    facts = hash_facts(
        *("release", watched.id, hash_file(files.get(watched.file)), hash_file(files.get(record))),
        *(found.version, found.created, found.run, found.logged_model, found.source, follow.traffic),
    )
    tools = run.tools
    return Intent(
        reason=choice.reason,
        facts=facts,
        make=lambda: propose_version(
            run.workspace,
            watched,
            follow,
            found,
            lambda item: read_version(
                registry.reader, item.name, item.version, tools.reading, tools.progress
            ),
        ),
    )
