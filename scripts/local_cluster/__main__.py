"""The command line of the local cluster."""

from __future__ import annotations

from pathlib import Path

import click

from scripts.local_cluster.binaries import find_binaries
from scripts.local_cluster.bundles import GITEA, is_built
from scripts.local_cluster.cluster import LocalCluster
from scripts.local_cluster.errors import ClusterError
from scripts.local_cluster.gitea.files import provide_gitea
from scripts.local_cluster.parts import NEEDS, Part, complete, provide
from scripts.local_cluster.state import ClusterState, read_state
from scripts.local_cluster.teardown import tear_down
from scripts.tools.cache import cache_root, hold_lock

SECRET_FACTS = ("key", "secret")  # the ends of the names of facts that are not for a screen


class PartList(click.ParamType[tuple[Part, ...]]):
    """Names of parts, joined by commas."""

    name = "parts"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Part, ...]:
        """The parts that a text names; a click error for a name that is none."""
        if isinstance(value, tuple):
            return value
        known = [part.value for part in Part]
        names = [name for name in str(value).split(",") if name]
        for name in names:
            if name not in known:
                self.fail(f"{name}: no such part; there are {', '.join(known)}", param, ctx)
        return tuple(Part(name) for name in names)


state_folder = click.option(
    "--state-folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Where to note what runs (default: clusters/ in the cache folder).",
)
name = click.option("--name", default="default", show_default=True, help="Which of several clusters.")
parts_option = click.option(
    "--parts",
    type=PartList(),
    default=(),
    help="Comma-separated; what they need comes along. One or more of "
    f"{', '.join(part.value for part in Part)}.",
)
all_option = click.option(
    "--all", "everything", is_flag=True, help="All parts: a cluster that serves models."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """A real etcd and kube-apiserver on loopback, without containers; Seldon's operator and more if asked.

    \b
    Examples:
      export KUBECONFIG=$(python -m scripts.local_cluster up)
      kubectl get namespaces
      python -m scripts.local_cluster down
    \b
      python -m scripts.local_cluster up --parts operator,kwok
      python -m scripts.local_cluster up --all
    """


@main.command()
@parts_option
@all_option
@click.option("--port", default=0, help="Port of the API server on 127.0.0.1; a free one when not given.")
@click.option(
    "--crds/--no-crds", default=True, help="Install the definition of SeldonDeployments (default: yes)."
)
@name
@state_folder
def up(
    parts: tuple[Part, ...],
    everything: bool,
    port: int,
    crds: bool,
    name: str,
    state_folder: Path | None,
) -> None:
    """Start a cluster that stays up; prints the path of its kubeconfig.

    The first time, programs are built: minutes for each part. `build` says which and how long.
    """
    wanted = complete(Part if everything else parts)
    file = _state_file(name, state_folder)
    with hold_lock(file.with_suffix(".lock")):
        state = read_state(file)
        if state is not None and _is_whole(state):
            missing = [part.value for part in wanted if part.value not in state.parts]
            if missing:
                raise ClusterError(
                    f"cluster {name} runs already, without {', '.join(missing)}; stop it first, "
                    f"with: python -m scripts.local_cluster down{_name_option(name)}"
                )
            click.echo(f"cluster {name} runs already at {state.server}", err=True)
        else:
            if state is not None:
                click.echo(f"cluster {name} did not end well; removing what is left of it", err=True)
                tear_down(state, file)
            cluster = LocalCluster(wanted, crds=crds, port=port, state_file=file, detached=True)
            cluster.start()
            state = cluster.state
            click.echo(f"cluster {name} is up at {state.server}, from {state.source}", err=True)
            click.echo(f"audit log: {state.audit_log}", err=True)
            for line in _describe_facts(state):
                click.echo(line, err=True)
    click.echo(f"stop it with: python -m scripts.local_cluster down{_name_option(name)}", err=True)
    click.echo(str(state.kubeconfig))


@main.command()
@name
@state_folder
def down(name: str, state_folder: Path | None) -> None:
    """Stop a cluster and remove its data."""
    file = _state_file(name, state_folder)
    with hold_lock(file.with_suffix(".lock")):
        state = read_state(file)
        if state is None:
            click.echo(f"cluster {name} does not run", err=True)
            return
        tear_down(state, file)
    click.echo(f"cluster {name} is stopped, its data is removed", err=True)


@main.command()
@click.option("--show-keys", is_flag=True, help="Print keys and secrets of the cluster, too.")
@name
@state_folder
def status(show_keys: bool, name: str, state_folder: Path | None) -> None:
    """Say what runs and where; ends with 1 when the cluster is not whole."""
    state = read_state(_state_file(name, state_folder))
    if state is None:
        raise ClusterError(f"cluster {name} does not run; start it with: python -m scripts.local_cluster up")
    click.echo(f"{state.server}  kubeconfig {state.kubeconfig}")
    click.echo(f"parts: {', '.join(state.parts) or 'none, only an API server'}")
    for program in state.programs:
        running = [each for each in state.processes if each.name == program.name and each.is_running()]
        where = f"pid {running[0].pid}  running" if running else "gone"
        click.echo(f"{program.name}  {where}  log {program.log}")
    for line in _describe_facts(state, show_keys=show_keys):
        click.echo(line)
    if not _is_whole(state):
        raise ClusterError(f"cluster {name} is not whole; `up` starts it anew")


@main.command()
@parts_option
@all_option
def build(parts: tuple[Part, ...], everything: bool) -> None:
    """Find the programs, or fetch or build them; prints where those of the API server are."""
    wanted = complete(Part if everything else parts)
    needed = [bundle for part in wanted for bundle in NEEDS[part].bundles]
    # A forge is no part of a cluster, and tests that want all of it want that, too.
    needed += [GITEA] if everything else []
    for bundle in {bundle.name: bundle for bundle in needed}.values():
        when = "built already" if is_built(bundle) else f"to be built, {bundle.time} on two cores"
        click.echo(f"{bundle.name}: {when}", err=True)
    binaries = find_binaries()
    click.echo(f"from {binaries.source}", err=True)
    provide(wanted)
    if everything:
        provide_gitea()
    for program in (binaries.etcd, binaries.apiserver, binaries.kubectl):
        click.echo(str(program))


def _is_whole(state: ClusterState) -> bool:
    running = {process.name for process in state.processes if process.is_running()}
    return all(program.name in running for program in state.programs)


def _describe_facts(state: ClusterState, *, show_keys: bool = False) -> list[str]:
    hidden = "(not shown; status --show-keys prints it)"
    return [
        f"{key}: {value if show_keys or not key.endswith(SECRET_FACTS) else hidden}"
        for key, value in sorted(state.facts.items())
    ]


def _state_file(name: str, folder: Path | None) -> Path:
    return (folder or cache_root() / "clusters") / f"{name}.json"


def _name_option(name: str) -> str:
    return "" if name == "default" else f" --name {name}"


def run() -> None:
    """Run the command; an error that we foresee becomes a message and exit code 1."""
    try:
        main(prog_name="python -m scripts.local_cluster", standalone_mode=False)
    except ClusterError as error:
        click.echo(f"Error: {error}", err=True)
        raise SystemExit(1) from error
    except click.ClickException as error:
        error.show()
        raise SystemExit(error.exit_code) from error
    except (click.Abort, KeyboardInterrupt) as error:
        raise SystemExit(130) from error


if __name__ == "__main__":
    run()
