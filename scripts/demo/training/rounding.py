"""A model that answers in whole points of quality."""

from __future__ import annotations

from typing import Any

import mlflow.pyfunc


class Rounding(mlflow.pyfunc.PythonModel):
    """Rounds what another model predicts."""

    def load_context(self, context: Any) -> None:
        """Load the model whose predictions are rounded."""
        self._model = mlflow.pyfunc.load_model(context.artifacts["model"])

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        """One whole number for each row."""
        return self._model.predict(model_input).round()
