"""`modelsync add model` and `add environment`: the first files of each."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.adding import AddOptions, add_files, add_options
from reconciler.settings import Settings, SettingsError
from reconciler.state.outcomes import Outcome

if TYPE_CHECKING:
    from reconciler.load.worktree import Worktree
    from reconciler.pin.selection import Pinned
    from reconciler.scaffold.layout import Files
    from reconciler.state.repository import Repository

_SERVERS = ("mlflow", "sklearn", "xgboost", "tensorflow", "triton", "huggingface", "custom")
_PROTOCOLS = ("v2", "seldon", "tensorflow")
_INGRESSES = ("istio", "ambassador-v1", "ambassador-v2")
_AMOUNTS = ("cpu", "memory")


def _parse_amounts(_context: click.Context, _option: click.Parameter, value: str) -> dict[str, str]:
    """`cpu=200m,memory=512Mi` by name, as kubectl takes it. Fails for other names."""
    amounts: dict[str, str] = {}
    for pair in value.split(",") if value else ():
        name, equals, amount = pair.strip().partition("=")
        if not (equals and amount) or name not in _AMOUNTS or name in amounts:
            raise click.BadParameter(f'"{value}" is none; write cpu=200m,memory=512Mi, or one of the two.')
        amounts[name] = amount
    return amounts


@click.group("add", short_help="Add the first files of a model or an environment.")
def command() -> None:
    """Add the first files of a model or an environment to this repository.

    \b
    Example:
      modelsync add model wines --registered-model wine-quality --owner @wine-team
    """


_MODEL_HELP = """Add models/NAME/model.yaml, and with --pin the records of its first versions.

Nothing that is there is changed. The result is checked before anything is written.

\b
Examples:
  modelsync add model wines --registered-model wine-quality --owner @wine-team
  modelsync add model wines --owner @wine-team --replicas 2 --requests cpu=200m,memory=512Mi --pin v3
"""


@command.command("model", help=_MODEL_HELP, short_help="Add a model.")
@click.argument("name")
@click.option("--registered-model", help="Its name in the MLflow registry (default: NAME).")
@click.option(
    "--owner", "owners", multiple=True, required=True, help="Who answers for it: @team or e-mail; repeatable."
)
@click.option("--description", default="", help="What the model is for.")
@click.option("--registry", default="main", show_default=True, help="The registry that holds it.")
@click.option(
    "--server", type=click.Choice(_SERVERS), default="mlflow", show_default=True, help="Kind of model server."
)
@click.option(
    "--protocol", type=click.Choice(_PROTOCOLS), default="v2", show_default=True, help="What clients speak."
)
@click.option("--image", default="", help="Image of the server, where not the stock one.")
@click.option("--replicas", type=click.IntRange(min=1), help="Pods for each version.")
@click.option(
    "--requests",
    default="",
    callback=_parse_amounts,
    metavar="AMOUNTS",
    help="What a Pod asks for: cpu=200m,memory=512Mi.",
)
@click.option(
    "--limits",
    default="",
    callback=_parse_amounts,
    metavar="AMOUNTS",
    help="What a Pod may use at most: memory=1Gi.",
)
@click.option(
    "--pin",
    "versions",
    multiple=True,
    metavar="VERSION",
    help="Pin this version too, from the registry of MLFLOW_TRACKING_URI; repeatable.",
)
@add_options
def add_model(
    settings: Settings,
    adding: AddOptions,
    name: str,
    registered_model: str | None,
    owners: tuple[str, ...],
    versions: tuple[str, ...],
    **options: Any,
) -> Outcome:
    from reconciler.load.worktree import read_worktree
    from reconciler.scaffold.layout import InvalidName, lay_out_model

    try:
        files = lay_out_model(name, registered_model=registered_model or name, owners=owners, **options)
    except InvalidName as error:
        raise SettingsError(str(error)) from error
    if options["server"] == "custom" and not options["image"]:
        click.echo("note: a custom server has no stock image; deployments need serving.image.", err=True)
    worktree = read_worktree(settings.directory)
    following = f"modelsync pin {name} VERSION"
    if versions:
        records = _read_records(worktree, files, name, versions)
        if records is None:
            click.echo("nothing was written.", err=True)
            return Outcome.FINDINGS
        files = {**files, **records}
        following = f"name the version in environments/ENV/deployments/{name}.yaml (environments/README.md)"
    return add_files(settings, adding, worktree, files, name=f"model {name}", following=following)


def _read_records(worktree: Worktree, files: Files, model: str, versions: tuple[str, ...]) -> Files | None:
    """Records of versions of a model that is not written yet, by path; None where one was refused."""
    from dataclasses import replace
    from tempfile import TemporaryDirectory

    from reconciler import wiring
    from reconciler.cli.commands.pin import find_cache
    from reconciler.cli.transfer import show_transfers
    from reconciler.pin.decision import Mode
    from reconciler.pin.run import pin_versions
    from reconciler.pin.selection import select
    from reconciler.pin.session import Reading
    from reconciler.pipeline.edits.edit import check_tree

    after = replace(worktree, files={**files, **worktree.files})
    repository = check_tree(after, None, wiring.open_clock().now(), None).repository
    selection = select(repository, Mode.PIN, model, versions)
    # What is read goes into the same commit, or the same diff, so it does not go into the work tree at once.
    with TemporaryDirectory(prefix="modelsync-") as folder, show_transfers() as progress:
        results = pin_versions(
            wiring.open_registry(),
            selection,
            Mode.PIN,
            Reading(cache=find_cache()),
            Path(folder),
            progress,
            partial(_show_pinned, repository),
        )
        if any(result.decision.verdict.is_error for result in results):
            return None
        written = (result.wanted.path for result in results if result.decision.write)
        return {path: Path(folder, path).read_bytes() for path in written}


def _show_pinned(repository: Repository, pinned: Pinned) -> None:
    """What a version is, or why it is not pinned; not that it is written, which is still to come."""
    from reconciler.pin.describe import describe_decision, describe_record
    from reconciler.pin.servers import describe_unloadable
    from reconciler.report.screen import clean_screen

    wanted, decision = pinned.wanted, pinned.decision
    if not decision.write or decision.record is None:
        said = describe_decision(wanted.label, wanted.path, decision, pinned.earlier)
        click.echo(clean_screen(said), err=True)
        return
    said = "\n".join(describe_record(wanted.label, decision.record, pinned.earlier))
    click.echo(clean_screen(said), err=True)
    reason = describe_unloadable(repository, wanted.model, decision.record)
    if reason:
        click.echo(clean_screen(f"{wanted.path}: advice: {reason}"), err=True)


_ENVIRONMENT_HELP = """Add environments/NAME/environment.yaml.

Nothing that is there is changed. The result is checked before anything is written.

\b
Example:
  modelsync add environment production --namespace wines-production --upstream staging --protected \\
    --artifacts mlflow-artifacts:/=s3://mlflow/artifacts --secret artifacts-s3
"""


@command.command("environment", help=_ENVIRONMENT_HELP, short_help="Add an environment.")
@click.argument("name")
@click.option("--namespace", required=True, help="The namespace that it owns in its clusters.")
@click.option(
    "--cluster",
    "clusters",
    multiple=True,
    metavar="NAME",
    help="A cluster that it is served from; repeatable (default: the one that a run is pointed at).",
)
@click.option("--upstream", multiple=True, help="An environment that versions come from; repeatable.")
@click.option(
    "--owner", "owners", multiple=True, help="Who owns its rules and approves its waivers; repeatable."
)
@click.option("--protected", is_flag=True, help="Rules may only be tightened here.")
@click.option(
    "--drift",
    type=click.Choice(("heal", "report")),
    default="heal",
    show_default=True,
    help="What sync does with edits made in the cluster.",
)
@click.option(
    "--ingress",
    type=click.Choice(_INGRESSES),
    default="istio",
    show_default=True,
    help="What routes requests into the cluster.",
)
@click.option(
    "--artifacts",
    multiple=True,
    metavar="FROM=TO",
    help="A registry's prefix and the one that stands for it in the cluster; repeatable.",
)
@click.option("--secret", help="Secret with the credentials for those artifacts.")
@click.option(
    "--prometheus", default="", metavar="URL", help="Prometheus that tells how many requests are answered."
)
@click.option("--replicas", type=click.IntRange(min=1), help="Pods for each version, unless a model says so.")
@add_options
def add_environment(
    settings: Settings,
    adding: AddOptions,
    name: str,
    namespace: str,
    artifacts: tuple[str, ...],
    secret: str | None,
    **options: Any,
) -> Outcome:
    from reconciler.load.worktree import read_worktree
    from reconciler.scaffold.layout import InvalidName, lay_out_environment

    if secret and not artifacts:
        raise click.UsageError("--secret opens the places that --artifacts names; give both.")
    try:
        files = lay_out_environment(
            name,
            namespace=namespace,
            artifacts=tuple(_split(pair) for pair in artifacts),
            secret=secret,
            **options,
        )
    except InvalidName as error:
        raise SettingsError(str(error)) from error
    following = f"write environments/{name}/deployments/NAME.yaml (environments/README.md)"
    worktree = read_worktree(settings.directory)
    return add_files(settings, adding, worktree, files, name=f"environment {name}", following=following)


def _split(pair: str) -> tuple[str, str]:
    source, equals, destination = pair.partition("=")
    if not (source and equals and destination):
        raise SettingsError(
            f'--artifacts is "{pair}"; write FROM=TO, such as mlflow-artifacts:/=s3://mlflow/artifacts'
        )
    return source, destination
