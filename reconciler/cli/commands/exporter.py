"""`modelsync exporter`: what the records of targets say, as metrics for Prometheus."""

from __future__ import annotations

from contextlib import suppress

import click

from reconciler.cli.options import connection_options, with_settings
from reconciler.settings import Settings, parse_duration
from reconciler.state.outcomes import Outcome

_PORT = 9464
_LEAST_KEEP = 1  # seconds

_HELP = """Serve metrics of targets to Prometheus, from the records that sync keeps in the cluster.

Without ENV all targets whose records may be listed are shown: in the namespaces named, or in all. With ENV
they are read by name, in the namespaces named or in the caller's own, which takes no right to list
ConfigMaps. Shares are read from the cluster when somebody asks. Nothing is written.

\b
Examples:
  modelsync exporter
  modelsync exporter production --namespace wines-production --address 0.0.0.0
"""


@click.command("exporter", help=_HELP, short_help="Serve metrics of targets to Prometheus.")
@click.argument("environments", nargs=-1, metavar="[ENV]...")
@click.option(
    "--namespace",
    "namespaces",
    multiple=True,
    metavar="NAMESPACE",
    help="Show targets of this namespace; may be given again.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=_PORT,
    show_default=True,
    envvar="MODELSYNC_EXPORTER_PORT",
    help="Port to listen on.",
)
@click.option(
    "--address",
    default="127.0.0.1",
    show_default=True,
    envvar="MODELSYNC_EXPORTER_ADDRESS",
    help="Address to listen on; 0.0.0.0 in a Pod.",
)
@click.option(
    "--keep",
    default="15s",
    show_default=True,
    metavar="TIME",
    help="How long to keep what was read, however often it is asked for.",
)
@connection_options
@with_settings
def command(
    settings: Settings,
    environments: tuple[str, ...],
    namespaces: tuple[str, ...],
    port: int,
    address: str,
    keep: str,
) -> Outcome:
    import uvicorn

    from reconciler import wiring
    from reconciler.pipeline.readings import Scope, read_targets
    from reconciler.report.exporter import TargetCollector, Times, make_application

    seconds = parse_duration(keep, "--keep", least=_LEAST_KEEP)
    cluster = wiring.open_cluster_briefly(settings)
    scope = Scope(environments=environments, namespaces=namespaces, home=cluster.namespace)
    clock = wiring.open_clock()
    collector = TargetCollector(
        lambda: read_targets(cluster.reader, scope),
        Times(now=clock.now, monotonic=clock.monotonic),
        keep=seconds,
        tell=lambda message: click.echo(message, err=True),
    )
    server = uvicorn.Server(
        uvicorn.Config(
            make_application(collector),
            host=address,
            port=port,
            log_level="warning",
            access_log=False,
            limit_concurrency=32,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=5,
        )
    )
    click.echo(f"metrics on http://{address}:{port}/metrics", err=True)
    # Being told to end is how it ends; uvicorn passes the signal on once it has closed everything.
    with suppress(KeyboardInterrupt):
        server.run()
    return Outcome.DONE
