"""A real MLflow tracking server and registry on loopback, for tests and the demo."""

from __future__ import annotations

from scripts.local_mlflow.process import stop_group
from scripts.local_mlflow.server import MlflowServer, MlflowServerError

__all__ = ["MlflowServer", "MlflowServerError", "stop_group"]
