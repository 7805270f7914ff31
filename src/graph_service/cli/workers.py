"""Workers: the web processes, and how they stop. One runs here, several as processes of their own on one address.

The first signal (SIGTERM, SIGINT) lets running requests finish for a while, the second ends them. uvicorn's own
supervisor does the first alone, leaves its workers behind when it is killed, and stops with the signal as exit code.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import os
import resource
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from functools import partial
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import FrameType
from typing import cast

import uvicorn
from prometheus_client.multiprocess import mark_process_dead

from graph_service.cli.common import followed
from graph_service.settings import Settings, share_metrics
from graph_service.web import logs
from graph_service.web.app import create_app
from graph_service.web.connections import Connection, Door

SIGNALS = (signal.SIGTERM, signal.SIGINT)
LAST_S = 2.0  # after the time for running requests: to end readers, and to break off what did not finish
SETTLED_S = 1.0  # a worker that ended sooner than this after its start has the next one wait as long
FAILED = 3  # the exit code of a worker that cannot serve, so that others would neither

log = logging.getLogger(__name__)


class Server(uvicorn.Server):
    """A server that ends with exit code 0: in order at the first signal, at once at the second, or when time is up.

    `patient`: signals after the first change nothing, as whoever sends them ends the process by himself.
    """

    def __init__(self, config: uvicorn.Config, stopping: threading.Event, stop_wait_s: int, *, patient: bool) -> None:
        super().__init__(config)
        self._stopping, self._stop_wait_s, self._patient = stopping, stop_wait_s, patient

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop. The base class would raise the signal again in the end."""
        if not self.should_exit:
            self.should_exit = True
            self._stopping.set()
            signal.signal(signal.SIGALRM, _leave)  # not a thread: what is interrupted may be starting one
            signal.setitimer(signal.ITIMER_REAL, self._stop_wait_s + LAST_S)
        elif not self._patient:
            _leave(sig, frame)


def serve_here(settings: Settings, listening: socket.socket) -> int:
    """Serve in this process until a signal."""
    logs.configure(settings)
    _serve(settings, listening, None, patient=False)
    return 0


def _serve(settings: Settings, listening: socket.socket, metrics_folder: Path | None, *, patient: bool) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # each connection takes one
    app = create_app(followed(settings), settings, metrics_folder)
    door = Door(settings.request_wait_s, settings.answer_wait_s, settings.max_header_bytes, settings.max_connections)
    config = uvicorn.Config(
        app,
        http=cast("type[asyncio.Protocol]", partial(Connection, door)),  # it is called, no more
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.stop_wait_s,
    )
    Server(config, app.state.stopping, settings.stop_wait_s, patient=patient).run(sockets=[listening])
    for thread in threading.enumerate():  # as the interpreter would, but for as long as the alarm lets it
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    signal.setitimer(signal.ITIMER_REAL, 0)


def _leave(number: int, frame: FrameType | None) -> None:
    """End now: what still runs is broken off, and readers end with the sockets they hear."""
    try:
        log.warning("stopped before all requests were answered")
        logs.close()
    finally:  # even where this interrupts the writing of another message
        os._exit(0)


class Workers:
    """Several web processes. One that ends is replaced."""

    def __init__(self, settings: Settings, listening: socket.socket) -> None:
        self._settings = settings
        self._sockets = [listening, *(_beside(listening) for _ in range(1, settings.workers))]
        self._processes: dict[BaseProcess, tuple[socket.socket, float]] = {}  # where they listen, when they started
        self._spawn = multiprocessing.get_context("spawn")  # a fork would share the engine's threads by half
        self._metrics = Path(tempfile.mkdtemp(prefix="graph-service-metrics-"))
        self._asked = 0  # how often to stop

    def run(self) -> int:
        """Serve until a signal; the exit code."""
        logs.configure(self._settings)
        share_metrics(self._metrics)
        woken, waker = socket.socketpair()
        waker.setblocking(False)
        for number in SIGNALS:
            signal.signal(number, self._ask)
        signal.set_wakeup_fd(waker.fileno())
        try:
            for each in self._sockets:
                self._start(each)
            failed = self._watch(woken)
            self._stop(woken)
            return FAILED if failed else 0
        finally:
            signal.set_wakeup_fd(-1)
            shutil.rmtree(self._metrics, ignore_errors=True)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._asked += 1

    def _start(self, listening: socket.socket) -> None:
        process = self._spawn.Process(target=_work, args=(self._settings, listening, self._metrics))
        process.start()
        self._processes[process] = listening, time.monotonic()

    def _watch(self, woken: socket.socket) -> bool:
        """Replace workers that end, until a signal; whether they cannot serve at all."""
        while not self._asked:
            wait([woken, *(process.sentinel for process in self._processes)])
            for process in [each for each in self._processes if each.exitcode is not None]:
                listening, started = self._processes.pop(process)
                self._bury(process)
                if process.exitcode == FAILED:
                    return True
                log.warning("worker %s ended (%s) and is replaced", process.pid, process.exitcode)
                if time.monotonic() - started < SETTLED_S:
                    wait([woken], SETTLED_S)
                if not self._asked:
                    self._start(listening)
        return False

    def _stop(self, woken: socket.socket) -> None:
        """Let the workers end in order; those that do not in time, or at a second signal, are killed."""
        for each in self._sockets:
            each.close()
        for process in self._processes:
            process.terminate()
        deadline = time.monotonic() + self._settings.stop_wait_s + 2 * LAST_S
        while self._processes and self._asked < 2 and (left := deadline - time.monotonic()) > 0:
            _drain(woken)
            wait([woken, *(process.sentinel for process in self._processes)], left)
            for process in [each for each in self._processes if each.exitcode is not None]:
                del self._processes[process]
        for process in self._processes:
            process.kill()
            process.join()

    def _bury(self, process: BaseProcess) -> None:
        process.join()
        mark_process_dead(process.pid, str(self._metrics))  # type: ignore[no-untyped-call]  # what it counted stays


def _beside(listening: socket.socket) -> socket.socket:
    """One more socket on the same address: the kernel shares out connections between them (Linux, SO_REUSEPORT).

    On one socket whoever wakes first would take them all. It was bound alone, so a second server is still refused.
    """
    made = socket.socket(listening.family, listening.type)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for each in (listening, made):
        each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(listening.getsockname())
    return made  # it listens once its worker does


def _drain(woken: socket.socket) -> None:
    """Take the signals that were told of, so that waiting waits for the next."""
    woken.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        woken.recv(64)


def _work(settings: Settings, listening: socket.socket, metrics_folder: Path) -> None:
    """Be a worker: until told to stop, or until the process that started it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the one above tells us in order
    logs.configure(settings)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        _serve(settings, listening, metrics_folder, patient=True)
    except Exception:
        log.exception("the worker cannot serve")
        sys.exit(FAILED)
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        _sweep(metrics_folder)


def _sweep(metrics_folder: Path) -> None:
    """Remove what this process counted, and the folder with the last of them: nobody is left who would."""
    for path in metrics_folder.glob(f"*_{os.getpid()}.db"):
        path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        metrics_folder.rmdir()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)
