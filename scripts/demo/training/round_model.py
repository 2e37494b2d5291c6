"""Registers a version that rounds another one's predictions - with a slip that is often made.

The class is pickled by the name of its module, and the module is not packed with the model (`code_paths`).
It loads here, where the module lies, and nowhere else.
"""

from __future__ import annotations

import argparse
import sys
from importlib.metadata import version

import mlflow
from rounding import Rounding


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", type=int, required=True, help="the version to round")
    parser.add_argument("--registered-model", default="wine-quality", help="name in the registry")
    options = parser.parse_args()
    uri = f"models:/{options.registered_model}/{options.version}"
    with mlflow.start_run(run_name=f"round v{options.version}"):
        info = mlflow.pyfunc.log_model(
            name="model",
            python_model=Rounding(),
            artifacts={"model": uri},
            signature=mlflow.models.get_model_info(uri).signature,
            registered_model_name=options.registered_model,
            pip_requirements=[f"mlflow=={version('mlflow')}", f"cloudpickle=={version('cloudpickle')}"],
        )
    print(f"registered {options.registered_model} version {info.registered_model_version}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
