"""What does the runs of a batch: processes of this machine, or a Dask cluster.

Each engine gives a ``concurrent.futures.Executor``. A run writes its own folder, so nothing but
its inputs and how it ended goes through one.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import (
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, NoReturn, ParamSpec, TypeVar

from agents.faults import BadInput, Fault

Engine = Callable[[int], AbstractContextManager[Executor]]  # of so many workers
Say = Callable[[str], None]
P = ParamSpec("P")
T = TypeVar("T")

# One thread each: the processes share the cores, and sums stay in one order.
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ),
    "1",
)
ANSWERS_WITHIN = 10  # seconds in which a scheduler must answer
LOOKS_EVERY = 10.0  # seconds between looks at whether the cluster has workers
HANDED_OUT = 1000  # runs given to a cluster at a time, so that it can grow


# --- Processes of this machine ----------------------------------------------------------------


@contextmanager
def local_processes(workers: int) -> Iterator[Executor]:
    """Give an executor of ``workers`` processes that die with this one, however it dies.

    Each holds the reading end of a pipe whose writing end only this process has: the pipe
    closes when this process ends, or leaves early, and they stop at once.
    """
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    reader, writer = context.Pipe(duplex=False)
    with _environment(ONE_THREAD):
        pool = ProcessPoolExecutor(
            workers, mp_context=context, initializer=_begin_worker, initargs=(reader,)
        )
        try:
            yield pool
        except BaseException:
            writer.close()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            writer.close()
            reader.close()


def _begin_worker(parent: Any) -> None:
    """Leave Ctrl-C to the parent, and end as soon as the parent's pipe closes."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Any) -> None:
    try:
        parent.recv()
    except (EOFError, OSError):
        os._exit(1)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def cores() -> int:
    """Return how many processor cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


# --- A Dask cluster ---------------------------------------------------------------------------


class WrongProgramError(Exception):
    """A worker of the cluster would do the run with another version of the program."""


class ClusterExecutor(Executor):
    """The workers of a Dask cluster; each call is made once, by a worker with this program.

    Parameters
    ----------
    client : a connected ``distributed.Client``
    program : digest of the code that simulates
    """

    def __init__(self, client: Any, program: str) -> None:
        self._client = client
        self._program = program
        self._pool = client.get_executor(pure=False)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Hand a call to the cluster; it is cancelled when the scheduler is lost."""
        if self._client.status != "running":
            raise CancelledError("the scheduler is gone")
        future: Future[T] = self._pool.submit(_as_here, self._program, fn, *args, **kwargs)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take back what is not done yet."""
        if self._client.status == "running":
            with suppress(Exception):  # the scheduler may go at this very moment
                self._pool.shutdown(wait=wait and not cancel_futures)


def _as_here(program: str, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Make a call in a worker, if it has the same program."""
    from experiments.program import program_digest

    if program_digest() != program:
        raise WrongProgramError(
            f"the worker on {socket.gethostname()} has another version of the program "
            f"({program_digest()[:8]}, here {program[:8]}); install the same one everywhere"
        )
    return function(*args, **kwargs)


@contextmanager
def cluster(address: str, program: str, say: Say) -> Iterator[Engine]:
    """Connect to a Dask scheduler and give an engine on its workers.

    Parameters
    ----------
    address : such as ``tcp://10.0.0.7:8786``
    program : digest of the code that simulates, which the workers must share
    say : called with what a user should know

    Raises
    ------
    BadInput
        If Dask is not installed, nothing answers, or a worker has another program.
    """
    client = _connected(address)
    over = threading.Event()
    try:
        _check_workers(client, address, program, say)
        threading.Thread(target=_watch, args=(client, say, over), daemon=True).start()
        yield lambda workers: _handing_out(client, program)
    finally:
        over.set()
        with suppress(Exception):  # a lost scheduler cannot be told
            client.close(timeout=ANSWERS_WITHIN)


def _watch(client: Any, say: Say, over: threading.Event) -> None:
    """Say when the last worker is gone, and when there are some again; runs wait meanwhile."""
    had = True
    while not over.wait(LOOKS_EVERY):
        try:
            has = bool(client.nthreads())
        except Exception:  # the scheduler is gone, which the batch says
            return
        if had and not has:
            say(
                "The cluster has no workers; the runs wait for some. Start workers, or stop with "
                "Ctrl-C: what is finished is kept."
            )
        if has and not had:
            say("The cluster has workers again.")
        had = has


@contextmanager
def _handing_out(client: Any, program: str) -> Iterator[Executor]:
    pool = ClusterExecutor(client, program)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _connected(address: str) -> Any:
    """Return a client of the scheduler at ``address``."""
    try:
        from distributed import Client
    except ImportError:
        _refuse(
            address,
            "the package distributed is not installed",
            "the extra packages named cluster",
            "install them: .venv/bin/python -m pip install -r requirements-cluster.lock",
        )
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # we say it in our own words
    try:
        _knock(address)
        make: Callable[..., Any] = Client  # which ships no types
        return make(address, timeout=ANSWERS_WITHIN, set_as_default=False)
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        _refuse(
            address,
            f"no scheduler answers there ({_first_line(error)})",
            "the address of a Dask scheduler that runs, such as tcp://10.0.0.7:8786",
            "start one (dask scheduler) and copy the address it prints",
        )


def _knock(address: str) -> None:
    """Raise what Dask raises where nothing answers at ``address``.

    A client that could not connect cannot be closed either: it would complain when the program
    ends. So we knock first; in a thread, for a notebook has an event loop of its own.
    """
    import asyncio

    from distributed.comm import connect
    from distributed.security import Security

    async def knock() -> None:
        how = Security().get_connection_args("client")
        door = await connect(address, timeout=ANSWERS_WITHIN, **how)
        await door.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, knock()).result()


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _check_workers(client: Any, address: str, program: str, say: Say) -> None:
    """Refuse workers with another program; say how many there are."""
    threads = client.nthreads()
    try:
        found = client.run(_program_there, on_error="raise")
    except Exception as error:
        found = {address: _first_line(error)}
    other = {worker: digest for worker, digest in found.items() if digest != program}
    for worker, digest in other.items():
        _refuse(
            address,
            f"the worker {worker} has another program ({digest[:60]})",
            f"workers with this program ({program[:8]})",
            "start the workers from this same installation, on a file system all share",
        )
    if not threads:
        say("The cluster has no workers yet; the runs wait for them.")
    if any(number > 1 for number in threads.values()):
        say("Workers do runs one after another: start them with --nthreads 1, one a core.")


def _program_there() -> str:
    from experiments.program import program_digest

    return program_digest()


def _refuse(address: str, found: str, allowed: str, remedy: str) -> NoReturn:
    raise BadInput(
        [
            Fault(
                where="command line",
                key="--scheduler",
                found=f"{address!r}: {found}",
                allowed=allowed,
                remedy=remedy,
            )
        ]
    )


def killed_its_worker(error: Exception) -> bool:
    """Say whether Dask gave a call up because workers died of it, one after another."""
    return type(error).__name__ == "KilledWorker"
