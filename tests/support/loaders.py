"""Environments with one version of a loader each, in the user's cache folder, and what they load."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from scripts.tools.cache import cache_folder, publish

ROOT = Path(__file__).resolve().parents[2]
_UV = ROOT / ".venv-bootstrap" / "bin" / "uv"
_LONGEST = 240  # seconds

SAVE = """
import json, sys
import mlflow, numpy, sklearn
from sklearn.linear_model import ElasticNet

class Adder(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input

folder = sys.argv[1]
model = ElasticNet().fit(numpy.arange(20.0).reshape(10, 2), numpy.arange(10.0))
mlflow.sklearn.save_model(model, f"{folder}/default")
for name in ("skops", "pickle", "cloudpickle"):
    mlflow.sklearn.save_model(model, f"{folder}/{name}", serialization_format=name)
mlflow.pyfunc.save_model(f"{folder}/python-model", python_model=Adder())
print(json.dumps({"scikit-learn": sklearn.__version__}))
"""

LOAD_PYFUNC = """
import json, sys
import mlflow, numpy

said = {}
for folder in sys.argv[1:]:
    try:
        loaded = mlflow.pyfunc.load_model(folder)
        said[folder] = "loaded" if len(loaded.predict(numpy.ones((3, 2)))) == 3 else "wrong answer"
    except Exception as error:
        said[folder] = f"{type(error).__name__}: {error}"
print(json.dumps(said))
"""

LOAD_MLSERVER = """
import asyncio, json, sys
from mlserver.settings import ModelParameters, ModelSettings
from mlserver_sklearn import SKLearnModel

async def load(folder):
    model = SKLearnModel(
        ModelSettings(name="m", implementation=SKLearnModel, parameters=ModelParameters(uri=folder))
    )
    return await model.load()

said = {}
for folder in sys.argv[1:]:
    try:
        said[folder] = "loaded" if asyncio.run(load(folder)) else "not loaded"
    except Exception as error:
        said[folder] = f"{type(error).__name__}: {error}"
print(json.dumps(said))
"""


def make_environment(*requirements: str) -> Path:
    """The interpreter of an environment that holds these; made once, and kept for later runs."""
    folder = cache_folder("loader", sys.version.encode(), *(name.encode() for name in requirements))

    def fill(building: Path) -> None:
        _run(str(_UV), "venv", "--quiet", "--clear", "--python", sys.executable, str(building))
        python = str(building / "bin" / "python")
        _run(str(_UV), "pip", "install", "--quiet", "--python", python, *requirements)

    publish(folder, fill)
    return folder / "bin" / "python"


def run_program(python: Path, program: str, *arguments: str) -> dict[str, str]:
    """Run a program of this module; what it said of each thing."""
    said = json.loads(_run(str(python), "-W", "ignore", "-c", program, *arguments).splitlines()[-1])
    assert isinstance(said, dict)
    return said


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_LONGEST)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
