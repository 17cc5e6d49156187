"""The virtual environment `.venv`: exactly what requirements.lock says, checked by hashes.

Packages are installed once for all checkouts of this user, into the cache; a checkout gets a copy of its own.
"""

from __future__ import annotations

import platform
import shutil
import sys
from pathlib import Path

from lab import cache, layout, process
from lab.process import Say

FOLDER = layout.ROOT / ".venv"
PYTHON = FOLDER / "bin" / "python"
LOCK = layout.ROOT / "requirements.lock"
STAMP = FOLDER / "numerian.lock-hash"
PACKAGES = Path("lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages")

COMMAND = """#!{python}
import sys

from numerian.__main__ import main

sys.exit(main())
"""


def ensure(say: Say) -> str:
    """Have the environment as the lock file says; return what was done."""
    wanted = cache.recipe(LOCK, sys.version, sys.base_prefix, platform.machine())
    with cache.only_one("venv"):
        if PYTHON.exists() and STAMP.is_file() and STAMP.read_text() == wanted:
            _link_checkout()
            return "up to date"
        kept = cache.folder() / f"venv-{wanted}"
        how = "from the cache"
        if not kept.is_dir():
            _install(kept, say)
            how = "installed"
        say("copying")
        _copy(kept)
        _link_checkout()
        STAMP.write_text(wanted)
        return how


def _install(kept: Path, say: Say) -> None:
    for old in cache.folder().glob("venv-*"):
        shutil.rmtree(old)
    new = kept.with_suffix(".new")
    say("making it")
    process.output([sys.executable, "-m", "venv", str(new)])
    pip = [str(new / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--require-hashes"]
    # Most modules are never imported: those that are get compiled then.
    command = [*pip, "--no-input", "--no-compile", "-r", str(LOCK)]
    process.follow(command, say, log=layout.WORK / "logs" / "venv.log")
    new.replace(kept)


def _copy(kept: Path) -> None:
    """Make .venv anew with the packages and programs of `kept`."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    process.output([sys.executable, "-m", "venv", "--without-pip", str(FOLDER)])
    shutil.copytree(kept / PACKAGES, FOLDER / PACKAGES, dirs_exist_ok=True)
    # Where it was installed: programs name the Python that runs them.
    here, there = bytes(FOLDER), bytes(kept.with_suffix(".new"))
    for program in (kept / "bin").iterdir():
        copy = FOLDER / "bin" / program.name
        if copy.exists():
            continue
        shutil.copy2(program, copy)
        if (text := copy.read_bytes()).startswith(b"#!"):
            copy.write_bytes(text.replace(there, here, 1))


def _link_checkout() -> None:
    # By a path file, not by pip: a build of the project would want packages that the lock doesn't hold.
    (FOLDER / PACKAGES / "numerian-checkout.pth").write_text(f"{layout.ROOT}\n")
    command = FOLDER / "bin" / "numerian"
    command.write_text(COMMAND.format(python=PYTHON))
    command.chmod(0o755)
