"""Steps that run side by side where they can, with live progress and each one's time."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from lab.errors import LabError
from lab.process import Say

HEARTBEAT_SECONDS = 15.0
REDRAW_SECONDS = 0.2
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class StepsFailedError(LabError):
    """One or more steps failed; the others were run to their end."""

    def __init__(self, failures: dict[str, Exception]) -> None:
        self.failures = failures
        super().__init__("\n".join(f"{name}: {error}" for name, error in failures.items()))


@dataclass(frozen=True)
class Step:
    """A piece of work. `action` gets a way to tell progress and returns a closing word ("" for none).

    It starts when all steps named in `needs` are done.
    """

    name: str
    action: Callable[[Say], str]
    needs: tuple[str, ...] = ()


@dataclass
class _Running:
    started: float
    word: str = ""
    told: float = 0.0


@dataclass
class _Board:
    """What is drawn: finished steps as lines that stay, running ones as lines that are drawn anew.

    Where the output isn't a terminal (a log), each event is one plain line, and a step that takes long
    gives a sign of life every `HEARTBEAT_SECONDS`.
    """

    out: TextIO
    live: bool
    running: dict[str, _Running] = field(default_factory=dict)
    drawn: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, name: str) -> None:
        with self.lock:
            self.running[name] = _Running(time.monotonic(), told=time.monotonic())
            if not self.live:
                self._line(f"  … {name}")

    def progress(self, name: str, word: str) -> None:
        with self.lock:
            if name in self.running:
                self.running[name].word = word

    def end(self, name: str, mark: str, word: str) -> None:
        with self.lock:
            took = time.monotonic() - self.running.pop(name).started
            self._clear()
            self._line(f"  {mark} {name:<34} {took:6.1f} s" + (f"  {word}" if word else ""))
            self._draw()

    def tick(self) -> None:
        with self.lock:
            if self.live:
                self._clear()
                self._draw()
                return
            now = time.monotonic()
            for name, state in self.running.items():
                if now - state.told >= HEARTBEAT_SECONDS:
                    state.told = now
                    self._line(f"  … {name}: {now - state.started:.0f} s  {state.word[:100]}".rstrip())

    def _line(self, text: str) -> None:
        self.out.write(text + "\n")
        self.out.flush()

    def _clear(self) -> None:
        if self.drawn:
            self.out.write(f"\x1b[{self.drawn}A\x1b[J")
            self.drawn = 0

    def _draw(self) -> None:
        if not self.live:
            return
        width = shutil.get_terminal_size().columns - 1
        now = time.monotonic()
        for name, state in self.running.items():
            turn = SPINNER[int(now * 8) % len(SPINNER)]
            text = f"  {turn} {name:<34} {now - state.started:6.1f} s  {state.word}"
            self._line("".join(c for c in text if c.isprintable())[:width])
        self.drawn = len(self.running)


def run(steps: Sequence[Step], *, out: TextIO | None = None) -> None:
    """Run all steps, each as soon as what it needs is done.

    After a failure nothing new is started, and what runs is waited for: no half-made thing is left behind.

    Raises:
        StepsFailedError: with every failure.
    """
    out = out or sys.stdout
    board = _Board(out, live=out.isatty() and os.environ.get("TERM", "dumb") != "dumb")
    waiting = {step.name: step for step in steps}
    unknown = {need for step in steps for need in step.needs} - set(waiting)
    if unknown:
        raise LabError(f"no step is called {', '.join(sorted(unknown))}")
    done: set[str] = set()
    failures: dict[str, Exception] = {}
    threads: dict[str, threading.Thread] = {}
    while waiting or threads:
        for name in [n for n, s in waiting.items() if done.issuperset(s.needs)] if not failures else []:
            threads[name] = threading.Thread(target=_work, args=(waiting.pop(name), board, done, failures), daemon=True)
            board.start(name)
            threads[name].start()
        if not threads:
            break
        next(iter(threads.values())).join(REDRAW_SECONDS if len(threads) == 1 else REDRAW_SECONDS / 4)
        board.tick()
        threads = {name: thread for name, thread in threads.items() if thread.is_alive()}
    if failures:
        raise StepsFailedError(failures)


def _work(step: Step, board: _Board, done: set[str], failures: dict[str, Exception]) -> None:
    try:
        word = step.action(lambda line: board.progress(step.name, line))
    except Exception as error:  # whatever it is, it must reach the person with the step's name
        board.end(step.name, "✗", "")
        failures[step.name] = error
    else:
        board.end(step.name, "✓", word)
        done.add(step.name)
