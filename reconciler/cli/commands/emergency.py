"""`modelsync emergency rollback` and `end`: break glass, with the caller's own rights and without git."""

from __future__ import annotations

import getpass
import os
import socket
import uuid
from typing import TYPE_CHECKING

import click

from reconciler.cli.confirmation import ask
from reconciler.cli.options import cluster_options, with_settings
from reconciler.settings import Settings, SettingsError, parse_duration
from reconciler.state.outcomes import Outcome

if TYPE_CHECKING:
    from reconciler.pipeline.emergency import EmergencyTools


@click.group("emergency", short_help="Go back without git, for a few hours.")
def command() -> None:
    """Go back to what served well, with your own rights in the cluster and without git.

    \b
    Example:
      modelsync emergency rollback production/wines --for 2h --reason "v5 answers nonsense"
    """


_ROLLBACK_HELP = """Apply the last good set of ENV/DEPLOYMENT that is not what is applied now.

It comes from the target's record in the cluster, so that neither git nor this repository is needed. Sync
leaves the deployment alone until the time is over, and then makes it as git says. Works with your own rights
(seldondeployments, configmaps and leases of the namespace).

\b
Examples:
  modelsync emergency rollback production/wines --for 2h --reason "v5 answers nonsense"
  modelsync emergency rollback production/wines --for 30m --reason "see ticket 17" --namespace wines --yes
"""

_END_HELP = """End the emergency of ENV/DEPLOYMENT now: the next sync makes it as git says.

\b
Example:
  modelsync emergency end production/wines
"""

_namespace_option = click.option(
    "--namespace", default="", help="The environment's namespace (default: where its record is)."
)


@command.command("rollback", help=_ROLLBACK_HELP, short_help="Go back to the last good set.")
@click.argument("name", metavar="ENV/DEPLOYMENT")
@click.option("--for", "time", required=True, metavar="TIME", help="How long sync keeps away: 4h at most.")
@click.option("--reason", required=True, help="Why, for everybody who looks.")
@click.option("--yes", is_flag=True, help="Do not ask (needed where nobody can answer).")
@_namespace_option
@cluster_options
@with_settings
def rollback(settings: Settings, name: str, time: str, reason: str, namespace: str, *, yes: bool) -> Outcome:
    from datetime import timedelta

    from reconciler.cli.signals import stop_on_signals
    from reconciler.pipeline.emergency import EmergencyRequest, prepare_rollback, roll_back
    from reconciler.report.screen import clean_screen
    from reconciler.report.text_emergency import show_rollback, show_rolled_back

    environment, deployment = _split(name)
    request = EmergencyRequest(
        environment=environment,
        deployment=deployment,
        reason=reason,
        duration=timedelta(seconds=parse_duration(time, "--for")),
        namespace=namespace,
        by=_name_user(),
    )
    tools = _open_tools(settings)
    prepared = prepare_rollback(request, tools)
    click.echo(show_rollback(prepared))
    if not yes and not ask("Roll back?"):
        click.echo("nothing was changed.")
        return Outcome.DONE
    with stop_on_signals() as stop, stop.shelter():
        notes = roll_back(prepared, tools)
    click.echo(show_rolled_back(prepared))
    for note in notes:
        click.echo(clean_screen(f"  {note}"))
    return Outcome.DONE


@command.command("end", help=_END_HELP, short_help="Give a deployment back to sync.")
@click.argument("name", metavar="ENV/DEPLOYMENT")
@_namespace_option
@cluster_options
@with_settings
def end(settings: Settings, name: str, namespace: str) -> Outcome:
    from datetime import timedelta

    from reconciler.cli.signals import stop_on_signals
    from reconciler.pipeline.emergency import EmergencyRequest, end_emergency
    from reconciler.report.text_emergency import show_ended

    environment, deployment = _split(name)
    request = EmergencyRequest(
        environment=environment,
        deployment=deployment,
        reason="",
        duration=timedelta(),
        namespace=namespace,
        by=_name_user(),
    )
    with stop_on_signals() as stop, stop.shelter():
        mark = end_emergency(request, _open_tools(settings))
    click.echo(show_ended(name, mark))
    return Outcome.DONE


def _split(name: str) -> tuple[str, str]:
    environment, mark, deployment = name.partition("/")
    if not (environment and mark and deployment):
        raise SettingsError(f'"{name}" is no deployment; write ENV/DEPLOYMENT, such as production/wines.')
    return environment, deployment


def _name_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        # A container's user need not have a name.
        return f"user {os.getuid()}"


def _open_tools(settings: Settings) -> EmergencyTools:
    from reconciler import wiring
    from reconciler.apply.lease import LeaseTerms
    from reconciler.pipeline.emergency import EmergencyTools

    return EmergencyTools(
        cluster=wiring.open_cluster(settings),
        clock=wiring.open_clock(),
        holder=f"{_name_user()}@{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex[:8]}",
        terms=LeaseTerms(duration=settings.lease_duration, wait=settings.lease_wait),
    )
