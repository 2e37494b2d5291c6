"""Gitea's configuration: loopback only, SQLite, nothing that speaks to the world."""

from __future__ import annotations

import secrets
from pathlib import Path

from scripts.local_cluster.ports import LOOPBACK


def write_configuration(file: Path, *, folder: Path, static: Path, port: int) -> None:
    """Write app.ini for a server with its data in `folder`; only its owner may read it."""
    sections: dict[str, dict[str, object]] = {
        "": {"APP_NAME": "modelsync", "RUN_MODE": "prod", "WORK_PATH": folder},
        "server": {
            "PROTOCOL": "http",
            "HTTP_ADDR": LOOPBACK,
            "HTTP_PORT": port,
            "ROOT_URL": f"http://{LOOPBACK}:{port}/",
            "STATIC_ROOT_PATH": static,
            "DISABLE_SSH": "true",
            "OFFLINE_MODE": "true",
            "LFS_START_SERVER": "false",
        },
        "database": {"DB_TYPE": "sqlite3", "PATH": folder / "gitea.db"},
        # Without the lock every address leads to a page that installs it.
        "security": {
            "INSTALL_LOCK": "true",
            "SECRET_KEY": secrets.token_hex(32),
            # Accounts of a test, made many times.
            "PASSWORD_HASH_ALGO": "pbkdf2$1$32",
            "MIN_PASSWORD_LENGTH": "8",
        },
        "repository": {"ROOT": folder / "repositories", "DEFAULT_BRANCH": "main"},
        "service": {"DISABLE_REGISTRATION": "true"},
        "webhook": {"ALLOWED_HOST_LIST": "loopback", "DELIVER_TIMEOUT": "10"},
        "log": {"MODE": "console", "LEVEL": "Warn"},
        "indexer": {"ISSUE_INDEXER_TYPE": "db"},
        "session": {"PROVIDER": "memory"},
        "oauth2": {"ENABLED": "false"},
        "actions": {"ENABLED": "false"},
        "packages": {"ENABLED": "false"},
        "mirror": {"ENABLED": "false"},
        "cron.update_checker": {"ENABLED": "false"},
        "time": {"DEFAULT_UI_LOCATION": "UTC"},
    }
    lines = []
    for name, values in sections.items():
        lines += [f"[{name}]"] if name else []
        lines += [f"{key} = {value}" for key, value in values.items()]
    file.touch(mode=0o600)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
