"""The request to go back, as a change: the last set of a deployment's file that served, and a hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reconciler.clients.source.interface import MainLine, Source
from reconciler.edit.exceptions import append_exception
from reconciler.edit.restoring import Earlier, choose_earlier, list_dropped, restore
from reconciler.edit.shares import RequestRefused
from reconciler.load.layout import FileKind
from reconciler.load.yaml import read
from reconciler.pipeline.edits.edit import Change, Workspace, name_branch, name_file
from reconciler.policy.naming import predictor_name
from reconciler.policy.wording import join_words
from reconciler.state.declarations import Deployment, Variant
from reconciler.state.repository import EnvironmentEntry
from reconciler.validate.parse import parse_document


def roll_back(
    workspace: Workspace, name: str, source: Source, *, version: int | None = None, reason: str = ""
) -> Change:
    """Bring back the last set without the present challenger, and hold the versions that it lacks.

    With `version`, the last such set that gave it traffic. Sets come from the deployment's file on the
    first-parent line of HEAD. Raises SettingsError, RequestRefused, EditRefused and the source's errors.
    """
    environment, deployment, entry = workspace.find_deployment(name)
    present = entry.declaration
    path = name_file(environment.name, deployment)
    line = source.read_line(source.resolve("HEAD").sha)
    target = choose_earlier(present, _list_earlier(source, line, path), version)
    if target is None:
        raise RequestRefused(_describe_no_way_back(name, present, version, complete=line.complete))
    shares = _describe_set(target.deployment)
    dropped = list_dropped(present, target.deployment)
    back = {predictor_name(variant) for variant in target.deployment.variants if variant.traffic}
    names = join_words(
        [f"{name} as it is now" if name in back else name for name in map(predictor_name, dropped)]
    )
    said = f"{name}: back to {shares}, without {names}"
    subject = source.read_commit(target.revision).subject
    origin = f'as of {target.revision[:7]} ("{subject}")'
    held = _hold(workspace, environment, deployment, dropped, reason or f"rolled back to {shares}")
    notes = [f"{said}: {origin}."]
    if held:
        versions = join_words([predictor_name(variant) for variant in dropped if variant.version is not None])
        notes.append(f"{name}: {versions} is held, so that automation does not bring it back.")
    return Change(
        title=said,
        files={path: restore(path, workspace.read(path) or b"", present, target), **held},
        environments=(environment.name,),
        branch=name_branch("rollback", (f"{environment.name}/{deployment}",)),
        details=(f"The set is that {origin}.", *((f"Why: {reason}",) if reason else ())),
        notes=tuple(notes),
    )


def _list_earlier(source: Source, line: MainLine, path: str) -> Iterator[Earlier]:
    """What the file said before, newest first; what cannot be read as a deployment served nothing."""
    steps = [
        (commit.commit.sha, change.name)
        for commit in reversed(line.commits)
        for change in commit.changes
        if change.path == path and change.name
    ]
    contents = source.read_contents(line.head, tuple(dict.fromkeys(name for _, name in steps)))
    for sha, name in steps:
        reading = read(path, contents[name])
        if reading.document is None or reading.findings:
            continue
        declared, findings = parse_document(FileKind.DEPLOYMENT, reading.document)
        if isinstance(declared, Deployment) and not findings:
            yield Earlier(revision=sha, deployment=declared, document=reading.document)


def _hold(
    workspace: Workspace,
    environment: EnvironmentEntry,
    deployment: str,
    dropped: Iterable[Variant],
    reason: str,
) -> Mapping[str, bytes]:
    """The environment's exceptions with a hold of each version that has none yet; empty if all have."""
    path = f"environments/{environment.name}/exceptions.yaml"
    known = environment.known_exceptions
    held = {(hold.deployment, hold.version) for hold in known.holds} if known is not None else set()
    data = workspace.read(path)
    files = {}
    for variant in dropped:
        if variant.version is None or (deployment, variant.version) in held:
            continue
        data = append_exception(
            path, data, "holds", {"deployment": deployment, "version": variant.version, "reason": reason}
        )
        files[path] = data
    return files


def _describe_set(deployment: Deployment) -> str:
    return join_words(
        [
            f"{predictor_name(variant)} {variant.traffic} %"
            for variant in deployment.variants
            if variant.traffic is not None
        ]
    )


def _describe_no_way_back(name: str, present: Deployment, version: int | None, *, complete: bool) -> str:
    live = [variant for variant in present.variants if variant.traffic]
    if version is not None and [variant.version for variant in live] == [version]:
        return f"{name}: {_describe_set(present)} is what it declares; nothing is to be changed."
    without = predictor_name(live[0]) if len(live) == 1 else "one of them"
    which = f" and with v{version}" if version is not None else ""
    cut = (
        ""
        if complete
        else " This clone is shallow and lacks older commits: git fetch --unshallow (in CI, fetch-depth: 0)."
    )
    return (
        f"{name}: it declares {_describe_set(present)}, and no earlier set without "
        f"{without}{which} is known.{cut} "
        f"Shares are set by modelsync traffic {name}, an end by modelsync retire {name}."
    )
