"""Why a version is not pinned although the registry has it."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.clients.registry.interface import Alias, RemoteFile, VersionDetails, VersionFacts
from reconciler.pin.manifest import MANIFEST

READY = "READY"
_STAGES = ("none", "staging", "production", "archived")


def find_refusal(details: VersionDetails) -> str:
    """What keeps the version from being pinned, to follow its name and a colon; empty where nothing does."""
    facts = details.facts
    if facts.status != READY:
        return (
            f"the registry says {facts.status}; only {READY} ones can be pinned. Wait, or register it anew."
        )
    model = details.logged_model
    if model is not None and model.status != READY:
        return (
            f"the registry says {READY}, but its logged model {model.id} is {model.status}: its files may be "
            "missing or change. Let the training end (or log the model again), then pin."
        )
    if not details.location or details.location.startswith(("runs:", "models:")):
        return (
            f"its source {details.location or facts.source} no longer resolves to a place in a store. "
            "Register it again from the logged model, with mlflow.register_model."
        )
    return ""


def find_missing_manifest(files: Sequence[RemoteFile], location: str) -> str:
    """What is said when the files hold no MLmodel; empty when they do."""
    if any(file.path == MANIFEST for file in files):
        return ""
    there = f"{len(files)} other files" if files else "no files at all"
    return f"there is no {MANIFEST} at {location} ({there}). Log the model again, and pin that version."


def describe_movable(word: str, name: str, versions: Sequence[VersionFacts], aliases: Sequence[Alias]) -> str:
    """What is said to somebody who gives an alias or stage in place of a version's number.

    `versions` and `aliases` are those of the registered model `name`.
    """
    newest = max((facts.version for facts in versions), default=None)
    if newest is None:
        return f'"{word}" is no version: the registry has no registered model {name}, or it has no versions.'
    meant = next((alias.version for alias in aliases if alias.alias == word), None)
    if meant is None and word.lower() == "latest":
        meant = newest
    if meant is None and word.lower() in _STAGES:
        staged = [facts.version for facts in versions if facts.stage.lower() == word.lower()]
        meant = max(staged, default=None)
        if meant is None:
            return (
                f'"{word}" is a stage, and no version of {name} is in it; pin a number (newest is {newest}).'
            )
    if meant is None:
        return f'"{word}" is no version of {name}; pin a number (newest is {newest}).'
    return f'"{word}" is movable; pin a number ({name} {word} is {meant} now).'
