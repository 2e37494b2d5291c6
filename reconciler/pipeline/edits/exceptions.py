"""Requests for exceptions and ends, as changes: hold, freeze, suspend, waive, retire."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.edit.deployments import set_retire
from reconciler.edit.exceptions import Block, append_exception
from reconciler.edit.shares import RequestRefused
from reconciler.pipeline.edits.edit import Change, Workspace, name_branch, name_file
from reconciler.policy.wording import join_words
from reconciler.settings import SettingsError
from reconciler.state.documents import Value
from reconciler.state.exceptions import Waiver
from reconciler.state.freezing import goes_on
from reconciler.state.moments import end_of, start_of
from reconciler.state.repository import EnvironmentEntry


def hold(workspace: Workspace, name: str, version: int, *, reason: str, until: str = "") -> Change:
    """Make automation skip a version of a deployment. Raises SettingsError, RequestRefused, EditRefused."""
    environment, deployment, _ = workspace.find_deployment(name)
    known = environment.known_exceptions
    for item in known.holds if known is not None else ():
        goes = item.until is None or goes_on(item.until, workspace.now)
        if goes and (item.deployment, item.version) == (deployment, version):
            raise RequestRefused(
                f'{name}: v{version} is held already ("{item.reason}"); nothing is to be changed.'
            )
    entry: dict[str, Value] = {"deployment": deployment, "version": version, "reason": reason}
    end = _say_end(workspace, until)
    return _append(
        workspace,
        environment.name,
        "holds",
        {**entry, **({"until": until} if until else {})},
        f"{name}: automation skips v{version}{end}",
        name_branch("hold", (name,), f"v{version}"),
    )


def freeze(workspace: Workspace, environment: str, *, reason: str, until: str, start: str = "") -> Change:
    """Let nothing change in an environment from a moment (empty: at once) to another."""
    found = workspace.find_environment(environment)
    name, known = found.name, found.known_exceptions
    end = _say_end(workspace, until)
    if start and _is_moment(start, "--from") and start_of(start) >= end_of(until):
        raise SettingsError(f"--from {start} is not before --until {until}; the freeze would have no time.")
    for item in known.freezes if known is not None else ():
        if item.weekly is None and (item.from_ or "", item.until) == (start, until):
            raise RequestRefused(
                f'{name}: it is frozen then already ("{item.reason}"); nothing is to be changed.'
            )
    entry: dict[str, Value] = {**({"from": start} if start else {}), "until": until, "reason": reason}
    begin = f" from {start}" if start else ""
    times = "-".join(time for time in (start, until) if time).replace(":", "")
    branch = name_branch("freeze", (name,), times)
    return _append(workspace, name, "freezes", entry, f"{name}: nothing changes{begin}{end}", branch)


def suspend(workspace: Workspace, name: str, *, reason: str, until: str) -> Change:
    """Make sync leave a deployment alone, or all of an environment."""
    environment, _, deployment = name.partition("/")
    if deployment:
        workspace.find_deployment(name)
    known = workspace.find_environment(environment).known_exceptions
    for item in known.suspensions if known is not None else ():
        if (item.deployment, item.until) == (deployment or "all", until):
            raise RequestRefused(
                f'{name}: it is suspended until {until} already ("{item.reason}"); nothing is to be changed.'
            )
    entry: dict[str, Value] = {"deployment": deployment or "all", "reason": reason, "until": until}
    what = "it" if deployment else "all of it"
    end = _say_end(workspace, until)
    said = f"{name}: sync leaves {what} alone{end}"
    return _append(workspace, environment, "suspensions", entry, said, name_branch("suspend", (name,)))


def waive(
    workspace: Workspace,
    rule: str,
    objects: tuple[str, ...],
    *,
    reason: str,
    until: str,
    environment: str = "",
) -> Change:
    """Exempt objects from a rule; those of several environments are waived in the file of each.

    What is waived in the same words already is left as it is: its days count from when it came.
    `environment` says where the waiver of an object stands that is in none, such as a model. Raises
    SettingsError, RequestRefused and EditRefused.
    """
    end = _say_end(workspace, until)
    places: dict[str, list[str]] = {}
    for name in objects:
        place = environment or name.partition("/")[0]
        if place not in workspace.repository.environments and not environment and place == "models":
            raise SettingsError(f"{name} is in no environment; say with --environment where it is waived.")
        places.setdefault(workspace.find_environment(place).name, []).append(name)
    files = {}
    known = {
        place: waiver
        for place, names in places.items()
        if (waiver := _find_same(workspace.find_environment(place), rule, names, until)) is not None
    }
    already = tuple(
        f'{join_words(places[place])}: exempt from rule {rule} until {until} already ("{waiver.reason}")'
        for place, waiver in known.items()
    )
    added = {place: names for place, names in places.items() if place not in known}
    kept = {name for place in known for name in places[place]}
    if not added:
        raise RequestRefused("; ".join((*already, "nothing is to be changed.")))
    for place, names in added.items():
        path = _name_exceptions(place)
        entry: dict[str, Value] = {"rule": rule, "objects": tuple(names), "reason": reason, "until": until}
        files[path] = append_exception(path, workspace.read(path), "waivers", entry)
    said = f"{join_words([name for name in objects if name not in kept])}: exempt from rule {rule}{end}"
    return Change(
        title=said,
        files=files,
        environments=tuple(sorted(added)),
        branch=name_branch(f"waive-{rule}", (place for names in added.values() for place in names)),
        details=(f"Why: {reason}",),
        notes=(
            f"{said}. It counts once an owner of the rules has approved the change.",
            *(f"{one}." for one in already),
        ),
    )


def _find_same(environment: EnvironmentEntry, rule: str, names: list[str], until: str) -> Waiver | None:
    """The waiver of these objects in the same words; None where there is none."""
    known = environment.known_exceptions
    for item in known.waivers if known is not None else ():
        if (item.rule, set(item.objects), item.until) == (rule, set(names), until):
            return item
    return None


def retire(workspace: Workspace, name: str) -> Change:
    """End a deployment, or an environment: its objects are pruned once this is merged."""
    environment, mark, _ = name.partition("/")
    if mark:
        found, deployment, entry = workspace.find_deployment(name)
        path, over = name_file(found.name, deployment), entry.declaration.retire
    else:
        environment_entry = workspace.find_environment(environment).environment
        path = f"environments/{environment}/environment.yaml"
        if environment_entry is None:
            raise RequestRefused(f"{path} is missing or faulty; correct that first (modelsync validate).")
        over = environment_entry.declaration.retire
    if over:
        raise RequestRefused(f"{name}: it is retired already ({path}); nothing is to be changed.")
    what = "its object is" if mark else "all of its objects are"
    said = f"{name}: retired; {what} deleted"
    below = () if mark else _list_below(workspace, environment)
    warning = (
        f"{join_words(below)} {'names' if len(below) == 1 else 'name'} {environment} as upstream: what is to "
        "soak or to be first there cannot any more. Name another upstream in environment.yaml, or none."
    )
    return Change(
        title=said,
        files={path: set_retire(path, workspace.read(path) or b"")},
        environments=(environment,),
        branch=name_branch("retire", (name,)),
        notes=(
            f"{said} by the next sync after the merge. This is the approval; {path} may go afterwards.",
            *((warning,) if below else ()),
        ),
    )


def _list_below(workspace: Workspace, upstream: str) -> tuple[str, ...]:
    """The environments that name another one as upstream and go on, in order of name."""
    return tuple(
        name
        for name, entry in sorted(workspace.repository.environments.items())
        if (found := entry.environment) is not None
        and not found.declaration.retire
        and upstream in found.declaration.upstream
    )


def _append(
    workspace: Workspace, environment: str, block: Block, entry: Mapping[str, Value], said: str, branch: str
) -> Change:
    path = _name_exceptions(environment)
    return Change(
        title=said,
        files={path: append_exception(path, workspace.read(path), block, entry)},
        environments=(environment,),
        branch=branch,
        details=(f"Why: {entry['reason']}",),
        notes=(f"{said}.",),
    )


def _name_exceptions(environment: str) -> str:
    return f"environments/{environment}/exceptions.yaml"


def _say_end(workspace: Workspace, until: str) -> str:
    """` until 2026-11-30`; raises SettingsError for what is no moment, or over."""
    if not until:
        return ""
    _is_moment(until, "--until")
    if end_of(until) <= workspace.now:
        raise SettingsError(f"--until {until} is over; name a moment that comes.")
    return f" until {until}"


def _is_moment(text: str, option: str) -> bool:
    try:
        end_of(text)
    except ValueError as error:
        raise SettingsError(
            f'{option} is "{text}"; write a day (2026-11-30, its end) or a UTC time (2026-11-30T12:00Z).'
        ) from error
    return True
