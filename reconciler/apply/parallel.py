"""Many things at once, within a limit: nothing new is begun once told so; what was begun is waited for."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")


def run_parallel(
    tasks: Sequence[_Task],
    work: Callable[[_Task], _Result],
    *,
    limit: int,
    go_on: Callable[[], bool],
) -> Generator[tuple[_Task, _Result], None, None]:
    """Each task with what `work` made of it, as it becomes known.

    `go_on` is asked before each task is begun, in the order of `tasks`; those that were not begun when it
    said no are left out. Should `work` raise, nothing new is begun, and the error is raised here once
    everything in flight has ended, as it is where the caller breaks off. An interrupt waits for nothing.
    """
    if len(tasks) == 1 or limit == 1:
        for task in tasks:
            if not go_on():
                return
            yield task, work(task)
        return
    left = iter(tasks)
    handing = threading.Lock()
    done: queue.SimpleQueue[tuple[_Task, _Result] | BaseException | None] = queue.SimpleQueue()
    over = threading.Event()

    def labour() -> None:
        try:
            while True:
                with handing:
                    if over.is_set() or not go_on():
                        return
                    task = next(left, None)
                    if task is None:
                        return
                done.put((task, work(task)))
        except BaseException as error:  # noqa: BLE001  (raised again in the caller)
            over.set()
            done.put(error)
        finally:
            done.put(None)

    threads = [threading.Thread(target=labour, daemon=True) for _ in range(min(limit, len(tasks)))]
    for thread in threads:
        thread.start()
    error: BaseException | None = None
    ended = 0
    interrupted = False
    try:
        while ended < len(threads):
            item = done.get()
            if item is None:
                ended += 1
            elif isinstance(item, BaseException):
                error = error or item
            else:
                yield item
    except KeyboardInterrupt:
        interrupted = True
        raise
    finally:
        over.set()
        for thread in threads if not interrupted else ():
            thread.join()
    if error is not None:
        raise error
