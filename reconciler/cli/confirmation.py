"""Asking a person before something is done."""

from __future__ import annotations

import sys

import click

from reconciler.settings import SettingsError


def ask(question: str) -> bool:
    """A person's yes or no. Raises SettingsError where nobody can answer."""
    if not sys.stdin.isatty():
        raise SettingsError(
            "nobody can be asked here (this is no terminal), so nothing was changed; add --yes to do what is "
            "shown."
        )
    return click.confirm(question, default=False, err=True)
