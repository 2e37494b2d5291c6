"""`modelsync pin`: write, verify or refresh version records against the registry."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import directory_option, forge_options, with_settings
from reconciler.settings import Settings
from reconciler.state.outcomes import Outcome

if TYPE_CHECKING:
    from reconciler.pin.selection import Pinned
    from reconciler.state.repository import Repository

_HELP = """Write the records of model versions: their identity in the registry, files, loader and evidence.

MODEL is a folder under models/, a VERSION a number (5 or v5). The registry is that of MLFLOW_TRACKING_URI,
with MLflow's usual credentials. A record that is there is compared and never overwritten: what moved under
identity or loader is an error, under evidence it is advice. With --check nothing is written; without
VERSION all records of MODEL are compared, without MODEL all there are. With --base those that the commit
--head adds or edits, whose evidence must be the registry's, too; nothing is asked where there are none.

\b
Examples:
  modelsync pin wines 5
  modelsync pin --check
  modelsync pin --check --base origin/main --head "$HEAD" --status records-verified
  modelsync pin wines 5 --refresh
"""

_SIZE = re.compile(r"([1-9][0-9]*|0)(B|KiB|MiB|GiB|TiB)")
_UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


def _parse_size(_context: click.Context, _option: click.Parameter, value: str) -> int:
    match = _SIZE.fullmatch(value)
    if match is None:
        raise click.BadParameter(
            f'"{value}" is no size; write a whole number and a unit, such as 512MiB or 2GiB.'
        )
    return int(match.group(1)) * _UNITS[match.group(2)]


def find_cache() -> Path:
    """Where files lie on their way (XDG base directory specification: a relative path is to be ignored)."""
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (given if given.is_absolute() else Path.home() / ".cache") / "modelsync" / "pin"


@click.command("pin", help=_HELP, short_help="Record model versions, or compare records with the registry.")
@click.argument("model", required=False)
@click.argument("versions", nargs=-1, metavar="[VERSION]...")
@click.option("--check", is_flag=True, help="Compare everything, files included; write nothing.")
@click.option("--refresh", is_flag=True, help="Take over evidence that moved.")
@click.option(
    "--base", metavar="REF", help="With --check: only what --head changed since it left this branch."
)
@click.option("--head", metavar="REF", show_default="HEAD", help="With --base: the commit that is meant.")
@click.option(
    "--status", default="", metavar="NAME", help="With --base: tell the forge as a commit's status."
)
@click.option(
    "--tag",
    "tags",
    multiple=True,
    envvar="MODELSYNC_PIN_TAGS",
    metavar="PATTERN",
    help="Record tags with these keys too (* for any characters; repeatable).",
)
@click.option(
    "--size-limit",
    callback=_parse_size,
    default="512MiB",
    show_default=True,
    envvar="MODELSYNC_PIN_SIZE_LIMIT",
    help="Larger files are recorded by the store's own checksum where it tells one, without reading them.",
)
@click.option(
    "--cache",
    type=click.Path(file_okay=False, path_type=Path),
    default=find_cache,
    show_default="the user's cache folder",
    envvar="MODELSYNC_PIN_CACHE",
    help="Where files lie on their way; a broken transfer goes on from there.",
)
@directory_option
@forge_options
@with_settings
def command(
    settings: Settings,
    model: str | None,
    versions: tuple[str, ...],
    check: bool,
    refresh: bool,
    base: str | None,
    head: str | None,
    status: str,
    tags: tuple[str, ...],
    size_limit: int,
    cache: Path,
) -> Outcome:
    from reconciler import wiring
    from reconciler.cli.transfer import show_transfers
    from reconciler.pin.decision import Mode
    from reconciler.pin.evidence import TAGS
    from reconciler.pin.run import pin_versions
    from reconciler.pin.selection import select
    from reconciler.pin.session import Reading
    from reconciler.pipeline.check import check_worktree

    if check and refresh:
        raise click.UsageError("--check writes nothing and --refresh writes; give one of them.")
    reading = Reading(cache=cache, size_limit=size_limit, tags=(*TAGS, *tags))
    if base is not None:
        from reconciler.cli.record_check import check_changed

        if not check or model is not None:
            raise click.UsageError("--base is about all records of a change: pin --check --base REF.")
        return check_changed(
            settings, base=base, head=head or "HEAD", status=status, reading=reading, show=_show
        )
    if head is not None or status:
        raise click.UsageError("--head and --status are about a change: pin --check --base REF.")
    mode = Mode.CHECK if check else Mode.REFRESH if refresh else Mode.PIN
    repository = check_worktree(settings.directory).repository
    selection = select(repository, mode, model, versions)
    registry = wiring.open_registry()
    with show_transfers() as progress:
        show = partial(_show, repository)
        results = pin_versions(registry, selection, mode, reading, settings.directory, progress, show)
    verdicts = {result.decision.verdict for result in results}
    if mode is Mode.PIN and any(result.decision.write for result in results):
        _tell_next(repository, sorted({result.wanted.model for result in results if result.decision.write}))
    if not results:
        click.echo("no records to compare.", err=True)
    return Outcome.FINDINGS if any(verdict.is_error for verdict in verdicts) else Outcome.DONE


def _tell_next(repository: Repository, models: Iterable[str]) -> None:
    from reconciler import wiring
    from reconciler.pipeline.pin_next import tell_first
    from reconciler.report.screen import clean_screen

    now = wiring.open_clock().now()
    for model in models:
        free = tell_first(repository, model, now)
        follows = free or "name the version in a deployment, then modelsync validate"
        click.echo(clean_screen(f"next: {follows}"), err=True)


def _show(repository: Repository, pinned: Pinned) -> None:
    from reconciler.pin.describe import describe_decision
    from reconciler.pin.servers import describe_unloadable
    from reconciler.report.screen import clean_screen

    wanted, decision = pinned.wanted, pinned.decision
    click.echo(clean_screen(describe_decision(wanted.label, wanted.path, decision, pinned.earlier)))
    if decision.write and decision.record is not None:
        reason = describe_unloadable(repository, wanted.model, decision.record)
        if reason:
            click.echo(clean_screen(f"{wanted.path}: advice: {reason}"))
