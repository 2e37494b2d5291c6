"""Every request to MLflow with every fault: whole records or none, and never a pass by mistake.

`pin` writes a record. `pin --check` and `validate --registry` read a repository in which one does not hold:
a run that took a broken answer for a good one would pass. By default each command meets every other fault,
on a request in turn, and the next command the faults between; `MODELSYNC_SWEEP=all` plays half of all.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.sweep_faults import Fault
from tests.faults.sweep_registry import Command, RegistryCase, RegistryStand, play_registry
from tests.faults.sweep_runner import Runner
from tests.faults.sweep_summary import Tally, note_cases
from tests.integration.mlflow_fixtures import MODEL, SharedMlflow

pytestmark = pytest.mark.timeout(1200)

PLAYS_ALL = os.environ.get("MODELSYNC_SWEEP") == "all"

PIN = Command(name="pin", arguments=("pin", "wines", "1"), ends=0)
CHECK = Command(name="pin --check", arguments=("pin", "--check"), ends=1)
VALIDATE = Command(name="validate --registry", arguments=("validate", "--registry"), ends=1)


@pytest.fixture(scope="module")
def played(
    mlflow_server: SharedMlflow, run_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[RegistryCase, ...]:
    folder = tmp_path_factory.mktemp("registry")
    with Runner(folder / "runs", modules=("mlflow", "reconciler.clients.registry.mlflow")) as runner:
        fresh = RegistryStand(
            runner=runner, uri=mlflow_server.uri, repository=folder / "fresh", folder=folder / "pinned"
        )
        _write_model(fresh.repository)
        moved = RegistryStand(
            runner=runner,
            uri=mlflow_server.uri,
            repository=_pin_what_is_unknown(fresh, folder / "moved"),
            folder=folder / "checked",
        )
        found = (
            *play_registry(fresh, (PIN,), sample=not PLAYS_ALL),
            *play_registry(moved, (CHECK, VALIDATE), sample=not PLAYS_ALL),
        )
    tallies = (_tally(item) for item in found if item.hit)
    note_cases(run_folder, "registry", tallies)
    return found


def _write_model(folder: Path) -> None:
    file = folder / "models/wines/model.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(f'registeredModel: {MODEL}\nowners: ["@wine-team"]\n', encoding="utf-8")


def _pin_what_is_unknown(stand: RegistryStand, folder: Path) -> Path:
    """A repository with a record that holds, and one of a version that the registry does not know."""
    _write_model(folder)
    ended, _ = stand.run(PIN, folder)
    assert ended.code == 0, ended.err
    record = folder / "models/wines/versions/1.yaml"
    text = record.read_text(encoding="utf-8").replace("version: 1\n", "version: 9\n")
    record.with_name("9.yaml").write_text(text, encoding="utf-8")
    return folder


def _tally(item: RegistryCase) -> Tally:
    kinds = tuple(sorted({problem.kind.value for problem in item.problems}))
    return Tally(stage=f"{item.command}, MLflow", fault=item.fault.value, kinds=kinds)


@pytest.mark.parametrize("command", [PIN, CHECK, VALIDATE], ids=lambda command: command.name)
def test_a_command_disturbed_while_it_reads_the_registry_is_right_or_undecided(
    command: Command, played: tuple[RegistryCase, ...]
) -> None:
    failed = [str(item)[:2000] for item in played if item.command == command.name and item.problems]
    assert not failed, "\n".join((f"{len(failed)} cases:", *failed[:20]))


def test_every_fault_is_met(played: tuple[RegistryCase, ...]) -> None:
    assert {item.fault for item in played if item.hit} == set(Fault)
