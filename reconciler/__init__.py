"""modelsync: models go to production by pull request."""

__version__ = "0.1.0"
