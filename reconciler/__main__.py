"""`python -m reconciler` and the command `modelsync` are the same program."""

from __future__ import annotations

from reconciler.cli.app import main

if __name__ == "__main__":
    main()
