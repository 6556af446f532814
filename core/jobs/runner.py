"""Running a job: its row, its heartbeat, its outcome. The same path for the window and the command line."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pkgutil
import threading
import traceback
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel

import core.jobs
from core.errors import Cancelled, UserError
from core.jobs.events import BUG_HINT, BUG_TITLE, Ended, Listener, Progress, Skipped, Started
from core.library.jobs import HEARTBEAT_S
from core.library.store import Library
from core.library.text import to_json
from core.settings import Settings

P = TypeVar("P", bound=BaseModel)

MEMORY_HINT = "Close other programs, then start it again: it goes on from here."


class Job(ABC, Generic[P]):
    """A piece of long work.

    A subclass is named by its `kind`, which is also its module's name below `core.jobs`.
    """

    kind: ClassVar[str]
    title: ClassVar[str]
    Params: ClassVar[type[BaseModel]]

    def __init__(self, params: P) -> None:
        self.params = params

    @abstractmethod
    def run(self, ctx: JobContext) -> dict[str, Any]:
        """Do the work; what is returned must fit into JSON."""


def find(kind: str) -> type[Job[Any]]:
    """The job of that kind: a file below `core.jobs` that defines one."""
    unknown = UserError(f"There is no job called {kind}.")
    if kind not in {module.name for module in pkgutil.iter_modules(core.jobs.__path__)}:
        raise unknown
    # Read by OpenMP when torch is loaded. Threads that spin while they wait take the decoders' time: measured
    # with both cores busy, a segment cost three times the CPU.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    module = importlib.import_module(f"core.jobs.{kind}")
    jobs = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, Job)]
    found = next((job for job in jobs if getattr(job, "kind", None) == kind), None)
    if found is None:  # a file here that is no job's
        raise unknown
    return found


class JobContext:
    """What a job may use and say.

    Parameters
    ----------
    library, settings
        What the job works on.
    job_id
        Its row.
    listener
        Hears every event; called on the job's thread.
    cancelled
        Set by others when the job should stop.
    """

    def __init__(
        self,
        library: Library,
        settings: Settings,
        job_id: int,
        listener: Listener,
        cancelled: threading.Event,
    ) -> None:
        self.library = library
        self.settings = settings
        self.job_id = job_id
        self._listener = listener
        self._cancelled = cancelled
        self._lock = threading.Lock()
        self._progress = Progress(job_id, "", 0, None)
        self._skips: list[tuple[str, str]] = []
        self._skipped = 0

    def report(self, stage: str, done: int, total: int | None = None, **metrics: float | str) -> None:
        """Say how far the work is."""
        self._progress = Progress(self.job_id, stage, done, total, metrics)
        self._listener(self._progress)

    def check(self) -> None:
        """Raise `Cancelled` if somebody asked for a stop; call it at every boundary."""
        if self._cancelled.is_set():
            raise Cancelled

    def skip(self, item: str, reason: str) -> None:
        """Pass over one item, with a reason that a person understands."""
        with self._lock:
            self._skips.append((item, reason))
            self._skipped += 1
        self._listener(Skipped(self.job_id, item, reason))

    def beat(self) -> None:
        """Write progress and skips into the row; skips that cannot be written wait for the next beat."""
        with self._lock:
            skips, count = list(self._skips), self._skipped
        now = self._progress
        self.library.jobs.beat(self.job_id, now.stage, now.done, now.total, dict(now.metrics), skips, count)
        with self._lock:
            del self._skips[: len(skips)]


@contextlib.contextmanager
def _heartbeat(ctx: JobContext) -> Iterator[None]:
    """Beat on a thread, so that a long step does not look like a dead process."""
    ended = threading.Event()

    def beats() -> None:
        while not ended.wait(HEARTBEAT_S):
            with contextlib.suppress(UserError):  # a busy or full library: the job itself will say so
                ctx.beat()

    thread = threading.Thread(target=beats, name=f"heartbeat-{ctx.job_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def run(
    job: Job[Any], library: Library, settings: Settings, listener: Listener, cancelled: threading.Event
) -> Ended:
    """Run a job to its end; never raises for what the job does.

    Returns
    -------
    How it ended, which is also the last event that `listener` hears.
    """
    job_id = library.jobs.start(job.kind, job.params.model_dump(mode="json"))
    listener(Started(job_id, job.kind))
    ctx = JobContext(library, settings, job_id, listener, cancelled)
    with _heartbeat(ctx):
        ended = _outcome(job, ctx)
    # The disk may be full, or the file gone: the outcome is still told to the listener.
    with contextlib.suppress(UserError):
        ctx.beat()
    with contextlib.suppress(UserError):
        library.jobs.finish(
            job_id, ended.outcome, result=ended.result, title=ended.title, hint=ended.hint, details=ended.details
        )  # fmt: skip
    listener(ended)
    return ended


def _outcome(job: Job[Any], ctx: JobContext) -> Ended:
    try:
        result = to_json(job.run(ctx))  # what the library cannot keep is the job's bug
        return Ended(ctx.job_id, "completed", json.loads(result))
    except (Cancelled, KeyboardInterrupt):
        return Ended(
            ctx.job_id, "cancelled", title="Stopped.", hint="It can be started again and goes on from here."
        )
    except UserError as error:
        return Ended(ctx.job_id, "failed", title=error.title, hint=error.hint)
    except MemoryError:
        return Ended(ctx.job_id, "failed", title="Memory ran out.", hint=MEMORY_HINT)
    except Exception:  # noqa: BLE001 - the one place where a job's bug becomes a row instead of a crash
        return Ended(ctx.job_id, "failed", title=BUG_TITLE, hint=BUG_HINT, details=traceback.format_exc())
