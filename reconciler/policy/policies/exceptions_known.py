"""Holds, freezes, windows and suspensions name what there is, and times that come.

What it checks
    In `exceptions.yaml`, a suspension names one of the environment's deployments, or `all`; a hold names one
    of them and a version that is pinned for its model; days exist; a freeze begins before it ends; `zone` is
    a time zone of the IANA database; and weekly hours are hours.

Why
    An exception with a slip of the pen protects nothing, and nobody finds out before it is needed. Where sync
    cannot tell when a freeze or a suspension ends, it goes on as if it had no end.

Example
    freezes:
      - weekly: {days: [fri], from: "16:00", to: "mon 08:00", zone: Europe/Berlni}   # no such zone
        until: 2027-06-31                                                            # no such day
        reason: nobody is on call at weekends

Fix
    Write the deployment's name without its environment, a day of the calendar, and a zone such as
    Europe/Berlin or UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reconciler.policy.context import Context
from reconciler.policy.engine import Policy
from reconciler.policy.wording import suggest_name
from reconciler.state.documents import Document, PathKey
from reconciler.state.exceptions import Exceptions, Freeze, Hold, Weekly, Window
from reconciler.state.findings import Finding
from reconciler.state.moments import find_end, start_of
from reconciler.state.repository import EnvironmentEntry, Repository

_ALL = "all"
_Path: TypeAlias = tuple[PathKey, ...]


def check(context: Context) -> Iterator[Finding]:
    for _, environment in sorted(context.repository.environments.items()):
        if environment.exceptions is None:
            continue
        document, declared = environment.exceptions.document, environment.exceptions.declaration
        yield from _check_names(context.repository, environment, document, declared)
        yield from _check_moments(environment, document, declared)
        yield from _check_weeks(environment, document, declared)


def _check_names(
    repository: Repository, environment: EnvironmentEntry, document: Document, declared: Exceptions
) -> Iterator[Finding]:
    known = {*environment.deployments, *environment.faulty_deployments}
    named = [(("suspensions", index), item.deployment) for index, item in enumerate(declared.suspensions)]
    named += [(("holds", index), item.deployment) for index, item in enumerate(declared.holds)]
    for path, name in named:
        if name not in known and not (name == _ALL and path[0] == "suspensions"):
            block = str(path[0]).removesuffix("s")
            yield POLICY.finding(
                document.at(*path, "deployment"),
                f"{environment.name}: the {block} names {name}, and there is no such deployment."
                f"{suggest_name(name.rpartition('/')[2], known)}",
                "Name one of its deployments"
                + (", or all." if block == "suspension" else ", or remove the hold."),
            )
    for index, hold in enumerate(declared.holds):
        yield from _check_version(repository, environment, document, index, hold)


def _check_version(
    repository: Repository, environment: EnvironmentEntry, document: Document, index: int, hold: Hold
) -> Iterator[Finding]:
    entry = environment.deployments.get(hold.deployment)
    model = repository.models.get(entry.declaration.model) if entry is not None else None
    if entry is None or model is None or hold.version in {*model.records, *model.faulty_records}:
        return
    yield POLICY.finding(
        document.at("holds", index, "version"),
        f"{environment.name}: the hold of {environment.name}/{hold.deployment} names v{hold.version}, "
        f"and there is no models/{model.name}/versions/{hold.version}.yaml.",
        f"Name a pinned version, or pin it: modelsync pin {model.name} {hold.version}",
    )


def _check_moments(
    environment: EnvironmentEntry, document: Document, declared: Exceptions
) -> Iterator[Finding]:
    dated: list[tuple[_Path, str]] = [
        *((("suspensions", index, "until"), item.until) for index, item in enumerate(declared.suspensions)),
        *((("windows", index, "until"), item.until) for index, item in enumerate(declared.windows)),
        *((("freezes", index, "until"), item.until) for index, item in enumerate(declared.freezes)),
        *(
            (("freezes", index, "from"), item.from_)
            for index, item in enumerate(declared.freezes)
            if item.from_
        ),
        *((("holds", index, "until"), item.until) for index, item in enumerate(declared.holds) if item.until),
    ]
    for path, text in dated:
        if not _exists(text):
            yield POLICY.finding(
                document.at(*path),
                f"{environment.name}: there is no {text}.",
                "Write a day (2026-11-30) or a UTC time (2026-11-30T12:00Z).",
            )
    for index, freeze in enumerate(declared.freezes):
        if _is_reversed(freeze):
            yield POLICY.finding(
                document.at("freezes", index, "until"),
                f"{environment.name}: the freeze from {freeze.from_} ends {freeze.until}, before it begins; "
                "expected a later end.",
                "Put the earlier one at from.",
            )


def _check_weeks(
    environment: EnvironmentEntry, document: Document, declared: Exceptions
) -> Iterator[Finding]:
    weekly: list[tuple[_Path, Freeze | Window]] = [
        *((("freezes", index, "weekly"), item) for index, item in enumerate(declared.freezes)),
        *((("windows", index, "weekly"), item) for index, item in enumerate(declared.windows)),
    ]
    for path, item in weekly:
        if item.weekly is not None and not _is_zone(item.weekly):
            yield POLICY.finding(
                document.at(*path, "zone"),
                f"{environment.name}: there is no time zone {item.weekly.zone}.",
                "Write a name of the IANA database, such as Europe/Berlin, America/New_York or UTC.",
            )


def _is_zone(weekly: Weekly) -> bool:
    try:
        ZoneInfo(weekly.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # Names such as ".." or that of a folder raise the other two.
        return False
    return True


def _is_reversed(freeze: Freeze) -> bool:
    if freeze.from_ is None or not _exists(freeze.from_):
        return False
    end = find_end(freeze.until)
    return end is not None and start_of(freeze.from_) >= end


def _exists(text: str) -> bool:
    return find_end(text) is not None


POLICY = Policy(id="exceptions-known", documentation=__doc__, check=check)
