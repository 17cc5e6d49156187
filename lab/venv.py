"""The virtual environment `.venv`: exactly what requirements.lock says, checked by hashes."""

from __future__ import annotations

import shutil
import sys

from lab import cache, layout, process
from lab.process import Say

FOLDER = layout.ROOT / ".venv"
PYTHON = FOLDER / "bin" / "python"
LOCK = layout.ROOT / "requirements.lock"
STAMP = FOLDER / "numerian.lock-hash"

COMMAND = """#!{python}
import sys

from numerian.__main__ import main

sys.exit(main())
"""


def ensure(say: Say) -> str:
    """Have the environment as the lock file says; return what was done."""
    wanted = cache.recipe(LOCK, f"{sys.version_info[:2]}")
    with cache.only_one("venv"):
        if PYTHON.exists() and STAMP.is_file() and STAMP.read_text() == wanted:
            _link_checkout()
            return "up to date"
        if not _same_python():
            shutil.rmtree(FOLDER, ignore_errors=True)
            say("making .venv")
            process.output([sys.executable, "-m", "venv", str(FOLDER)])
        log = layout.WORK / "logs" / "venv.log"
        pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--require-hashes"]
        # Most modules are never imported: those that are get compiled then.
        process.follow([*pip, "--no-input", "--no-compile", "-r", str(LOCK)], say, log=log)
        _link_checkout()
        STAMP.write_text(wanted)
        return "installed"


def _same_python() -> bool:
    if not PYTHON.exists():
        return False
    ask = "import sys; print(sys.version_info[:2])"
    code, out, _ = process.capture([str(PYTHON), "-c", ask])
    return code == 0 and out.decode().strip() == str(sys.version_info[:2])


def _link_checkout() -> None:
    # By a path file, not by pip: a build of the project would want packages that the lock doesn't hold.
    site = FOLDER / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    (site / "numerian-checkout.pth").write_text(f"{layout.ROOT}\n")
    command = FOLDER / "bin" / "numerian"
    command.write_text(COMMAND.format(python=PYTHON))
    command.chmod(0o755)
