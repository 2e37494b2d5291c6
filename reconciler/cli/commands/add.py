"""`modelsync add model` and `add environment`: the first file of each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from reconciler.cli.files import write_new
from reconciler.cli.options import directory_option
from reconciler.settings import SettingsError
from reconciler.state.outcomes import Outcome

_SERVERS = ("mlflow", "sklearn", "xgboost", "tensorflow", "triton", "huggingface", "custom")
_PROTOCOLS = ("v2", "seldon", "tensorflow")


@click.group("add", short_help="Add the first files of a model or an environment.")
def command() -> None:
    """Add the first files of a model or an environment to this repository.

    \b
    Example:
      modelsync add model wines --registered-model wine-quality --owner @wine-team
    """


_MODEL_HELP = """Add models/NAME/model.yaml.

\b
Example:
  modelsync add model wines --registered-model wine-quality --owner @wine-team
"""


@command.command("model", help=_MODEL_HELP, short_help="Add a model.")
@click.argument("name")
@click.option("--registered-model", help="Its name in the MLflow registry (default: NAME).")
@click.option(
    "--owner", "owners", multiple=True, required=True, help="Who answers for it: @team or e-mail; repeatable."
)
@click.option("--registry", default="main", show_default=True, help="The registry that holds it.")
@click.option(
    "--server", type=click.Choice(_SERVERS), default="mlflow", show_default=True, help="Kind of model server."
)
@click.option(
    "--protocol", type=click.Choice(_PROTOCOLS), default="v2", show_default=True, help="What clients speak."
)
@directory_option
def add_model(
    name: str,
    registered_model: str | None,
    owners: tuple[str, ...],
    registry: str,
    server: Any,
    protocol: Any,
    directory: Path,
) -> Outcome:
    from reconciler.scaffold.layout import InvalidName, lay_out_model

    try:
        files = lay_out_model(
            name,
            registered_model=registered_model or name,
            owners=owners,
            registry=registry,
            server=server,
            protocol=protocol,
        )
    except InvalidName as error:
        raise SettingsError(str(error)) from error
    return _write(directory, files, f"modelsync pin {name} VERSION")


_ENVIRONMENT_HELP = """Add environments/NAME/environment.yaml.

\b
Example:
  modelsync add environment production --namespace wines-production --upstream staging --protected \\
    --artifacts mlflow-artifacts:/=s3://mlflow/artifacts --secret artifacts-s3
"""


@command.command("environment", help=_ENVIRONMENT_HELP, short_help="Add an environment.")
@click.argument("name")
@click.option("--namespace", required=True, help="The namespace that it owns in its clusters.")
@click.option("--upstream", multiple=True, help="An environment that versions come from; repeatable.")
@click.option("--protected", is_flag=True, help="Rules may only be tightened here.")
@click.option(
    "--artifacts",
    multiple=True,
    metavar="FROM=TO",
    help="A registry's prefix and the one that stands for it in the cluster; repeatable.",
)
@click.option("--secret", help="Secret with the credentials for those artifacts.")
@directory_option
def add_environment(
    name: str,
    namespace: str,
    upstream: tuple[str, ...],
    protected: bool,
    artifacts: tuple[str, ...],
    secret: str | None,
    directory: Path,
) -> Outcome:
    from reconciler.scaffold.layout import InvalidName, lay_out_environment

    try:
        files = lay_out_environment(
            name,
            namespace=namespace,
            upstream=upstream,
            protected=protected,
            artifacts=tuple(_split(pair) for pair in artifacts),
            secret=secret,
        )
    except InvalidName as error:
        raise SettingsError(str(error)) from error
    return _write(
        directory, files, f"write environments/{name}/deployments/NAME.yaml (environments/README.md)"
    )


def _split(pair: str) -> tuple[str, str]:
    source, equals, destination = pair.partition("=")
    if not (source and equals and destination):
        raise SettingsError(
            f'--artifacts is "{pair}"; write FROM=TO, such as mlflow-artifacts:/=s3://mlflow/artifacts'
        )
    return source, destination


def _write(directory: Path, files: Mapping[str, bytes], following: str) -> Outcome:
    written = write_new(directory, files)
    for path in written:
        click.echo(f"wrote {path}")
    if not written:
        click.echo(
            f"{', '.join(files)}: there already, with the same content; nothing was written.", err=True
        )
    click.echo(f"next: {following}", err=True)
    return Outcome.DONE
