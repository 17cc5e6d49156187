"""A tiny image made of this machine's own shell: tests need no registry and no lab for it."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

PROGRAMS = ("sh", "sleep", "cat", "ls", "id", "stat", "env", "true", "mkdir", "touch")


def archive() -> bytes:
    """Return a root file system with a shell and some commands, as a tar."""
    buffer = io.BytesIO()
    packed: set[str] = set()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for folder in ("tmp", "etc", "data"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            tar.addfile(entry)
        _add_text(tar, "etc/passwd", "root:x:0:0::/:/bin/sh\nfront:x:601:601::/:/bin/sh\n")
        _add_text(tar, "etc/group", "root:x:0:\nfront:x:601:\n")
        for program in PROGRAMS:
            found = shutil.which(program)
            assert found is not None, program
            real = Path(found).resolve()
            _add_file(tar, real, f"bin/{program}", packed)
            for library in _libraries(real):
                _add_file(tar, library, str(library).lstrip("/"), packed)
    return buffer.getvalue()


def _libraries(program: Path) -> list[Path]:
    said = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    return [Path(path) for path in re.findall(r"(/\S+) \(0x", said)]


def _add_file(tar: tarfile.TarFile, source: Path, name: str, packed: set[str]) -> None:
    if name in packed:
        return
    packed.add(name)
    content = source.resolve().read_bytes()
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o755
    tar.addfile(entry, io.BytesIO(content))


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(text), 0o644
    tar.addfile(entry, io.BytesIO(text.encode()))
