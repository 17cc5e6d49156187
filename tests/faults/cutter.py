"""The program that makes the N-th system call of a tree of processes fatal or failing, and what it wrote down."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from lab import cache, process

SOURCE = Path(__file__).resolve().parent / "cut"


def program() -> Path:
    """Return the program, built once and kept in the cache: static, so that any server runs it."""
    built = cache.folder() / f"cut-{cache.recipe(SOURCE)}"
    with cache.only_one("cut"):
        if not built.is_file():
            new = built.with_suffix(".new")
            command = ["go", "build", "-trimpath", "-ldflags", "-s -w", "-o", str(new), "."]
            process.output(command, cwd=SOURCE, env={"CGO_ENABLED": "0"}, timeout=300)
            new.replace(built)
    return built


@dataclass(frozen=True)
class Cut:
    """Which calls are counted (`who` is an expression on the command line), and what becomes of number `at`."""

    calls: tuple[str, ...]
    at: int = 0
    do: str = "tree"
    after: bool = False
    who: str = ""
    under: tuple[str, ...] = ()

    def words(self, folder: str) -> str:
        """Return the program's options, quoted for a shell; its count and its log lie in `folder`."""
        words = ["--calls", ",".join(self.calls), "--at", str(self.at), "--do", self.do]
        words += ["--after"] if self.after else []
        words += ["--who", self.who] if self.who else []
        words += ["--under", ",".join(self.under)] if self.under else []
        return shlex.join([*words, "--count", f"{folder}/count", "--log", f"{folder}/log"])


@dataclass(frozen=True)
class Call:
    """One call that was counted."""

    number: int
    program: str
    name: str
    paths: str
    struck: str

    def __str__(self) -> str:
        return f"{self.program}: {self.name} {self.paths}"


def calls(log: str) -> list[Call]:
    """Read what the program wrote down."""
    fields = (line.split("\t") for line in log.splitlines() if line.count("\t") == 4)
    return [Call(int(number), *rest) for number, *rest in fields]
