"""The command line of the local cluster."""

from __future__ import annotations

from pathlib import Path

import click

from scripts.local_cluster.binaries import find_binaries
from scripts.local_cluster.cluster import LocalCluster
from scripts.local_cluster.errors import ClusterError
from scripts.local_cluster.state import read_state
from scripts.local_cluster.teardown import tear_down
from scripts.tools.cache import cache_root, hold_lock

state_folder = click.option(
    "--state-folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Where to note what runs (default: clusters/ in the cache folder).",
)
name = click.option("--name", default="default", show_default=True, help="Which of several clusters.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """A real etcd and kube-apiserver on loopback, without containers.

    \b
    Example:
      export KUBECONFIG=$(python -m scripts.local_cluster up)
      kubectl get namespaces
      python -m scripts.local_cluster down
    """


@main.command()
@click.option("--port", default=0, help="Port of the API server on 127.0.0.1; a free one when not given.")
@click.option(
    "--crds/--no-crds", default=True, help="Install the custom resource definitions (default: yes)."
)
@name
@state_folder
def up(port: int, crds: bool, name: str, state_folder: Path | None) -> None:
    """Start a cluster that stays up; prints the path of its kubeconfig."""
    file = _state_file(name, state_folder)
    with hold_lock(file.with_suffix(".lock")):
        state = read_state(file)
        if state is not None and all(process.is_running() for process in state.processes):
            click.echo(f"cluster {name} runs already at {state.server}", err=True)
        else:
            if state is not None:
                click.echo(f"cluster {name} did not end well; removing what is left of it", err=True)
                tear_down(state, file)
            cluster = LocalCluster(crds=crds, port=port, state_file=file, detached=True)
            cluster.start()
            state = cluster.state
            click.echo(f"cluster {name} is up at {state.server}, from {state.source}", err=True)
            click.echo(f"audit log: {state.audit_log}", err=True)
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
@name
@state_folder
def status(name: str, state_folder: Path | None) -> None:
    """Say what runs; ends with 1 when the cluster is not whole."""
    state = read_state(_state_file(name, state_folder))
    if state is None:
        raise ClusterError(f"cluster {name} does not run; start it with: python -m scripts.local_cluster up")
    whole = True
    click.echo(f"{state.server}  kubeconfig {state.kubeconfig}")
    for process in state.processes:
        runs = process.is_running()
        whole = whole and runs
        click.echo(f"{process.name}  pid {process.pid}  {'running' if runs else 'gone'}  log {process.log}")
    if not whole:
        raise ClusterError(f"cluster {name} is not whole; `up` starts it anew")


@main.command()
def build() -> None:
    """Find the programs, or fetch or build them; prints where they are."""
    binaries = find_binaries()
    click.echo(f"from {binaries.source}", err=True)
    for program in (binaries.etcd, binaries.apiserver, binaries.kubectl):
        click.echo(str(program))


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
