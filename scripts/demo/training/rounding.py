"""A model that answers in whole points of quality."""

from __future__ import annotations

from typing import Any

import mlflow.pyfunc


class Rounding(mlflow.pyfunc.PythonModel):
    """Rounds what another model predicts."""

    def load_context(self, context: Any) -> None:
        """Load the model whose predictions are rounded."""
        self._model = mlflow.pyfunc.load_model(context.artifacts["model"])

    # No type hints here: MLflow would take them for a schema.
    def predict(self, context, model_input, params=None):
        """One whole number for each row."""
        return self._model.predict(model_input).round()
