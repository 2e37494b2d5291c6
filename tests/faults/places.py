"""Programs run where disks and networks are their own: in namespaces of the kernel, without containers."""

from __future__ import annotations

import subprocess

# A namespace of one's own, in which mounting is allowed to whoever made it; where users may not, root may.
_PLACES = (("unshare", "--user", "--map-root-user", "--mount"), ("sudo", "-n", "-E", "unshare", "--mount"))


def find_place() -> tuple[str, ...]:
    """The command that may mount something for itself alone."""
    for place in _PLACES:
        tried = subprocess.run([*place, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True)
        if tried.returncode == 0:
            return place
    raise AssertionError("a file system of its own cannot be mounted here, neither as a user nor by sudo")
