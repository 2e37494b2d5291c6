"""What the table says that images load, against the loaders themselves.

The current MLflow saves models in each of its formats; every version of a loader that a row names is
installed in an environment of its own, and loads them. A row is right if the rule foretells each outcome.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.pin.manifest import read_manifest
from reconciler.policy.abilities import Ability, StockImage, stock_images
from reconciler.policy.loading import Fault, judge_loading, saved_format
from reconciler.policy.records import compute_digest
from reconciler.state.declarations import Evidence, Identity, Loader, Loads, RecordedFile, VersionRecord
from tests.support.loaders import LOAD_MLSERVER, LOAD_PYFUNC, ROOT, SAVE, make_environment, run_program

# Five environments are installed where the cache is empty: a minute of work, and what the network takes.
pytestmark = pytest.mark.timeout(600)

# What MLflow does not bring along without its server, and what the models are made of.
_PARTS = ("scikit-learn", "pandas<3", "skops", "cloudpickle")
_FOLDERS = ("default", "skops", "pickle", "cloudpickle", "python-model")
CHECKED = sorted(row.image for row in stock_images().values() if row.loader)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedModels:
    """Folders with models, by name; `parts` are the requirements that load them with any MLflow."""

    folders: dict[str, Path]
    parts: tuple[str, ...]
    python: Path


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> SavedModels:
    folder = tmp_path_factory.mktemp("models")
    python = make_environment(f"mlflow-skinny=={_current_mlflow()}", *_PARTS)
    versions = run_program(python, SAVE, str(folder))
    # The same library on both sides, so that the format alone decides.
    parts = (f"scikit-learn=={versions['scikit-learn']}", *_PARTS[1:])
    return SavedModels(folders={name: folder / name for name in _FOLDERS}, parts=parts, python=python)


@pytest.mark.parametrize("image", CHECKED)
def test_an_image_loads_what_its_row_says(image: str, saved: SavedModels) -> None:
    row = stock_images()[image]
    python = make_environment(row.loader, *saved.parts)
    folders = {name: path for name, path in saved.folders.items() if name != "python-model" or row.flavour}
    program = LOAD_PYFUNC if row.flavour else LOAD_MLSERVER
    said = run_program(python, program, *map(str, folders.values()))
    loaded = {name: said[str(path)] == "loaded" for name, path in folders.items()}
    foretold = {name: foretell(row, path) for name, path in folders.items()}
    assert loaded == foretold, said
    assert not loaded["default"]
    assert loaded["cloudpickle"]


def test_the_current_mlflow_loads_all_that_it_saves(saved: SavedModels) -> None:
    said = run_program(saved.python, LOAD_PYFUNC, *map(str, saved.folders.values()))
    assert set(said.values()) == {"loaded"}


def test_models_are_saved_as_skops_by_default(saved: SavedModels) -> None:
    formats = {name: saved_format(read_loader(path)) for name, path in saved.folders.items()}
    assert formats == {
        "default": "skops",
        "skops": "skops",
        "pickle": "pickle",
        "cloudpickle": "cloudpickle",
        "python-model": "",
    }


def test_an_environment_may_say_that_its_own_image_loads_them(saved: SavedModels) -> None:
    loads = Loads.model_validate({"mlflow": ">=3.14", "formats": ("skops",)})
    ability = Ability(image="registry.example.com/ml/mlserver:1", stock=None, loads=loads)
    assert judge_loading(ability, record_of(saved.folders["default"])) is None
    assert isinstance(judge_loading(ability, record_of(saved.folders["pickle"])), Fault)


def foretell(row: StockImage, folder: Path) -> bool:
    return judge_loading(Ability(image=row.image, stock=row, loads=None), record_of(folder)) is None


def read_loader(folder: Path) -> Loader:
    return read_manifest((folder / "MLmodel").read_bytes())


def record_of(folder: Path) -> VersionRecord:
    """The record that pin would write of a model in a folder, but for what only a registry knows."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = {
        str(path.relative_to(folder)): RecordedFile(bytes=path.stat().st_size, sha256="0" * 64)
        for path in paths
    }
    identity = Identity.model_validate(
        {
            "registry": "main",
            "name": "wine-quality",
            "version": 1,
            "source": "s3://models/1",
            "created": "2026-11-21T14:03:00Z",
            "digest": compute_digest(files),
            "files": files,
        }
    )
    return VersionRecord(identity=identity, loader=read_loader(folder), evidence=Evidence())


def _current_mlflow() -> str:
    lock = (ROOT / "requirements" / "mlflow.txt").read_text(encoding="utf-8")
    found = re.search(r"^mlflow-skinny==(?P<version>[0-9.]+)", lock, re.MULTILINE)
    assert found is not None
    return found["version"]
