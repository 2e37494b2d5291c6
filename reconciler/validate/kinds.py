"""Which type each kind of file is parsed to."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.load.layout import FileKind
from reconciler.state.declarations import Declaration, Defaults, Deployment, Environment, Model, VersionRecord
from reconciler.state.exceptions import Exceptions

TYPES: Mapping[FileKind, type[Declaration]] = {
    FileKind.DEFAULTS: Defaults,
    FileKind.MODEL: Model,
    FileKind.RECORD: VersionRecord,
    FileKind.ENVIRONMENT: Environment,
    FileKind.DEPLOYMENT: Deployment,
    FileKind.EXCEPTIONS: Exceptions,
}
