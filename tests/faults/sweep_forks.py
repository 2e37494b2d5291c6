"""Runs of the real command at the price of a fork: a process that has imported everything, and waits.

`python -m tests.faults.sweep_forks SOCKET MODULES [WARM-UP ARGUMENTS...]` imports modules (separated by
commas) and listens on a Unix socket. Each connection asks for one run by one line of JSON (arguments,
environment, folder, files for stdout and stderr) and is told the process id, then the exit code. The process
never starts a thread, so what it forks starts as a fresh process would; it ends with its standard input.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import os
import pkgutil
import selectors
import socket
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn

import reconciler

if TYPE_CHECKING:
    from typing_extensions import Self

# MLflow's client takes a second to load, and no run to a cluster needs it.
_LEFT_OUT = ("reconciler.__main__", "reconciler.clients.registry.mlflow")


def serve(address: Path, modules: list[str], warm_up: list[str]) -> None:
    """Serve until standard input ends."""
    from reconciler.cli.app import run

    own = (module.name for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."))
    for name in (*modules, *own):
        if name not in _LEFT_OUT:
            importlib.import_module(name)
    if warm_up:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            run(warm_up)
    assert threading.active_count() == 1, "a process with threads must not fork"
    # What is there now is shared with every run; the collector would copy it, page by page.
    gc.collect()
    gc.freeze()
    with Forks(address) as forks:
        print("ready", flush=True)
        forks.serve()


class Forks:
    """The listening end."""

    def __init__(self, address: Path) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(address))
        self._listener.listen(64)
        self._selector = selectors.DefaultSelector()
        self._waiting: dict[int, tuple[int, socket.socket]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._selector.close()
        self._listener.close()

    def serve(self) -> None:
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(sys.stdin, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is sys.stdin:
                    return
                if key.fileobj is self._listener:
                    self._start()
                else:
                    self._finish(key.fd)

    def _start(self) -> None:
        connection, _ = self._listener.accept()
        with connection.makefile("rb") as lines:
            wanted = json.loads(lines.readline())
        process = os.fork()
        if process == 0:
            self._listener.close()
            self._selector.close()
            for _, other in self._waiting.values():
                other.close()
            connection.close()
            _run(wanted)
        connection.sendall(f"{process}\n".encode())
        handle = os.pidfd_open(process)
        self._waiting[handle] = (process, connection)
        self._selector.register(handle, selectors.EVENT_READ)

    def _finish(self, handle: int) -> None:
        process, connection = self._waiting.pop(handle)
        self._selector.unregister(handle)
        os.close(handle)
        _, status = os.waitpid(process, 0)
        # Whoever asked may be gone by now.
        with connection, contextlib.suppress(BrokenPipeError):
            connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _run(wanted: dict[str, Any]) -> NoReturn:
    """The command as its entry point runs it, in a process of its own."""
    from reconciler.cli.app import main

    for stream, name in ((1, "out"), (2, "err")):
        file = os.open(wanted[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, stream)
        os.close(file)
    code = 70
    try:
        os.chdir(wanted["folder"])
        os.environ.update(wanted["environment"])
        sys.argv = ["modelsync", *wanted["arguments"]]
        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        # An interpreter's end waits for its threads and flushes; its own clearing up is not of interest.
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2].split(","), sys.argv[3:])
