"""Where tasks run: in this process, in processes of joblib's loky, or on a Dask cluster. All three give futures.

`joblib.Parallel` is left out on purpose. When a worker dies, it ends the whole call and does not say which tasks were
under way; with its Dask backend it waits for ever for a task whose workers died (joblib 1.6: a future that ends in an
error is never called back). A run must know which shard it was, so it holds the futures itself: loky's executor, which
joblib brings, and the executor of a Dask client, which is what joblib's backend is made of as well.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, wait
from typing import Any, Protocol

from biascheck import stopping
from biascheck.errors import BatchError

__all__ = ["Dask", "Here", "Loky", "Pool", "pool_for"]

#: Seconds that a cluster may be without workers.
PATIENCE = 60.0
#: Seconds in which a scheduler must answer.
CONNECT = 20
#: Seconds between looks at what else may have happened.
LOOK = 0.2


class Pool(Protocol):
    """What a run asks of the place where its tasks run."""

    @property
    def width(self) -> int:
        """How many tasks run at once."""

    @property
    def frail(self) -> bool:
        """Whether a crash of a call ends the run itself."""

    @property
    def deaths(self) -> tuple[type[BaseException], ...]:
        """What a future raises when its worker died."""

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Begin a call."""

    def alone(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call with nothing else under way, in a process that nothing has harmed; raises one of `deaths`."""

    def check(self) -> None:
        """Raise `BatchError` where no answer will come any more, `Stopped` where none is wanted."""

    def close(self, *, kill: bool) -> None:
        """End the workers; at once, where `kill`."""


class Here:
    """The process itself: nothing to start, and a crash ends the run.

    The part at which a run has ended so is read apart when the run goes on (`alone`), in a process that may die.
    """

    width = 1
    frail = True

    def __init__(self) -> None:
        self._apart: Loky | None = None

    @property
    def deaths(self) -> tuple[type[BaseException], ...]:
        """Of what is read apart."""
        return self._apart.deaths if self._apart is not None else ()

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Call at once."""
        self.close(kill=False)
        future: Future[Any] = Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future

    def alone(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call in another process."""
        if self._apart is None:
            self._apart = Loky(1)
        return self._apart.alone(function, *arguments)

    def check(self) -> None:
        """Nothing can be lost."""

    def close(self, *, kill: bool) -> None:
        """End the other process, where there is one."""
        if self._apart is not None:
            self._apart.close(kill=kill)
            self._apart = None


class Loky:
    """Processes of this machine."""

    frail = False

    def __init__(self, jobs: int) -> None:
        from joblib.externals.loky import BrokenProcessPool

        self.width = jobs
        self.deaths: tuple[type[BaseException], ...] = (BrokenProcessPool,)
        self._many: Executor | None = None
        self._one: Executor | None = None

    @staticmethod
    def _executor(jobs: int) -> Executor:
        from joblib.externals.loky import ProcessPoolExecutor

        from biascheck.worker import begin

        stopping.hold()
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        # No time-out: a worker that has nothing to do while a large file is unpacked keeps its model.
        executor: Executor = ProcessPoolExecutor(
            jobs, timeout=None, initializer=begin, initargs=(os.getpid(),), env=dict.fromkeys(names, "1")
        )
        return executor

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Begin a call, in new processes where the old ones died."""
        if self._many is None:
            self._many = self._executor(self.width)
        try:
            with stopping.deaf():  # the first call starts the processes
                return self._many.submit(function, *arguments)
        except self.deaths as error:
            future: Future[Any] = Future()
            future.set_exception(error)
            return future

    def alone(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call in a process of its own, which stays until it dies."""
        if self._many is not None:
            self._end(self._many, kill=True)
            self._many = None
        if self._one is None:
            self._one = self._executor(1)
        try:
            with stopping.deaf():
                future = self._one.submit(function, *arguments)
            return _result(future, self)
        except self.deaths:
            self._end(self._one, kill=True)
            self._one = None
            raise

    def check(self) -> None:
        """Loky tells of every death by itself."""
        stopping.check()

    def close(self, *, kill: bool) -> None:
        """End all processes."""
        for executor in (self._many, self._one):
            if executor is not None:
                self._end(executor, kill=kill)
        self._many = self._one = None
        stopping.release()

    @staticmethod
    def _end(executor: Any, *, kill: bool) -> None:
        executor.shutdown(wait=True, kill_workers=kill)


class Dask:
    """A Dask cluster: that of a scheduler, or a small one on this machine for a try."""

    frail = False

    def __init__(self, scheduler: str | None, local: int | None) -> None:
        try:
            from concurrent.futures import CancelledError

            from distributed import Client, KilledWorker, LocalCluster
        except ImportError as error:
            raise BatchError(f"a Dask cluster needs the extra: pip install 'biascheck[dask]' ({error})") from None
        # A worker that dies is said by us, with its document.
        for name in ("distributed", "distributed.worker", "distributed.scheduler", "distributed.nanny", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self.deaths: tuple[type[BaseException], ...] = (KilledWorker,)
        self.lost: type[BaseException] = CancelledError
        self._cluster: Any = None
        try:
            if local:
                stopping.hold()
                with stopping.deaf():
                    self._cluster = LocalCluster(
                        n_workers=local, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
                    )
            self._client: Any = Client(self._cluster or scheduler, timeout=CONNECT, set_as_default=False)
        except (OSError, ValueError) as error:  # TimeoutError is an OSError
            self._end_cluster()
            reason = str(error).split("\n", 1)[0]
            raise BatchError(f"no Dask scheduler at {scheduler} ({reason}); check the address") from None
        stopping.hold()
        self._pool: Any = self._client.get_executor(pure=False)
        self._seen = time.monotonic()
        self._cores = 0
        self._looked = 0.0
        self.check()

    @property
    def width(self) -> int:
        """The cluster's cores, as they come and go."""
        return max(self._cores, 1)

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Hand a call to the scheduler; it hands it to another worker where one dies, three times."""
        future: Future[Any] = self._pool.submit(function, *arguments)
        return future

    def alone(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call while the cluster has nothing else of ours to do."""
        return _result(self.submit(function, *arguments), self)

    def check(self) -> None:
        """Give up where the scheduler is gone, or the workers have been for a while."""
        stopping.check()
        now = time.monotonic()
        if now - self._looked < 2:
            return
        self._looked = now
        try:
            self._cores = sum(self._client.ncores().values())
        except Exception as error:  # of many kinds, by how the connection went
            raise BatchError(f"the Dask scheduler is gone ({type(error).__name__}); run again to go on") from None
        if self._cores:
            self._seen = now
        elif now - self._seen > PATIENCE:
            raise BatchError(f"the Dask cluster has had no worker for {PATIENCE:.0f} s; start some, run again to go on")

    def close(self, *, kill: bool) -> None:
        """Leave the cluster; what it still does for us is cancelled."""
        self._client.close(timeout=5)
        self._end_cluster()

    def _end_cluster(self) -> None:
        if self._cluster is not None:
            self._cluster.close(timeout=5)
        stopping.release()


def _result(future: Future[Any], pool: Pool) -> Any:
    while not future.done():
        wait([future], timeout=LOOK)
        pool.check()
    return future.result()


def pool_for(jobs: int, scheduler: str | None, local: int | None) -> Pool:
    """The place that the options name."""
    if scheduler or local:
        return Dask(scheduler, local)
    return Loky(jobs) if jobs > 1 else Here()
