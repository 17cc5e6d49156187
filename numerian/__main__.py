"""`numerian …`: find the subcommand, run it, and turn whatever goes wrong into one readable sentence."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from numerian.command import COMMANDS, Entry

FAILED = 1
USAGE = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code (0 done, 1 something failed, 2 wrong usage, 130 interrupted)."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = _run(words)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output (head, less) has gone; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        print(_explain(error), file=sys.stderr)
        return FAILED


def _run(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        print(overview())
        return 0 if words else USAGE
    if words[0] == "--version":
        from numerian import __version__

        print(f"numerian {__version__}")
        return 0
    entry = next((entry for entry in COMMANDS if entry.name == words[0]), None)
    if entry is None:
        print(_unknown(words[0]), file=sys.stderr)
        return USAGE
    return _run_command(entry, words[1:])


def overview() -> str:
    """Return the text of `numerian --help`."""
    lines = ["usage: numerian COMMAND [--help]", "", "From the inventory of the communes to running services.", ""]
    lines += [f"  {entry.name:<13} {entry.help}" for entry in COMMANDS]
    return "\n".join(lines)


def _unknown(word: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, [entry.name for entry in COMMANDS], 1)
    guess = f"; did you mean `numerian {near[0]}`?" if near else "; `numerian --help` lists them"
    return f"numerian has no command {word!r}{guess}"


def _run_command(entry: Entry, words: list[str]) -> int:
    from importlib import import_module

    module = import_module(f"numerian.command.{entry.module}")
    parser = ArgumentParser(prog=f"numerian {entry.name}", description=entry.help[0].upper() + entry.help[1:] + ".")
    parser.set_defaults(command=entry.name)
    module.configure(parser)
    return int(module.run(parser.parse_args(words)))


def _explain(error: Exception) -> str:
    """Return the error as one sentence; an unforeseen one is kept in a file for whoever mends it."""
    from numerian.errors import NumerianError

    trees = {"engine.errors": "EngineError", "provider.errors": "ProviderError"}
    known = [getattr(sys.modules[module], name) for module, name in trees.items() if module in sys.modules]
    if isinstance(error, (NumerianError, *known)):
        return str(error)
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {(error.strerror or str(error)).lower()}"
    return f"numerian met something unforeseen ({type(error).__name__}: {error}); {_keep(error)}"


def _keep(error: Exception) -> str:
    import tempfile
    from traceback import format_exception

    text = "".join(format_exception(error))
    folder = Path(".work") if Path(".work").is_dir() else Path(tempfile.gettempdir())
    try:
        descriptor, name = tempfile.mkstemp(prefix="numerian-error-", suffix=".txt", dir=folder)
        os.write(descriptor, text.encode())
        os.close(descriptor)
    except OSError:
        return "this is a fault of the program: please report it"
    return f"this is a fault of the program: please report it with {name}"


if __name__ == "__main__":
    sys.exit(main())
