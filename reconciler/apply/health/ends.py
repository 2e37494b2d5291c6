"""What an exit code says where a container left no words: Seldon's own containers leave none."""

from __future__ import annotations

from reconciler.state.objects import INITIALIZER

# The initializer is `rclone copy`; its exit codes: https://rclone.org/docs/#exit-code
_COPY = {
    1: "the storage refused or could not be asked; see the keys in the Secret that it is given",
    3: "there is no such bucket or folder in the storage",
    5: "the storage could not be asked",
    7: "the storage refused for good",
}
# Seen with MLServer 1.7; an empty path is copied without an error, so this is where it shows.
_SERVER_LEFT = "a model server ends so when it cannot load a model; see whether there is one at its location"


def explain_exit(container: str, code: int) -> str:
    """What this exit code of a container that should not have ended means; empty where it says nothing.

    container: its name; the operator's storage initializers are known by theirs.
    """
    if container.endswith(INITIALIZER):
        return _COPY.get(code, "")
    return _SERVER_LEFT if code == 0 else ""
