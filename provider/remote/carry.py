"""Content of people from one host to another, through this machine: the hosts need no way to each other.

Blocking; `provider.kinds.moving` calls it in threads. Nothing but lists of names and a chunk is ever held here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from provider.errors import CommandError, HostError, HostTimeoutError, ProviderError, ResourceError
from provider.remote import command, script
from provider.remote.archive import words
from provider.transport import Transport

if TYPE_CHECKING:
    from provider.transport.stream import Stream

CHUNK = 1 << 17
SILENCE = 120.0
"""Seconds without a byte after which a copy is given up."""
ROUNDS = 5
SMALL = 1_000_000
"""Bytes; when a round took no more, the next one would be as short as it can be."""


class Thing(NamedTuple):
    """A file, folder or link below a folder of people, as far as two of them are told apart."""

    kind: str
    mode: int
    size: int
    changed: str
    leads: str

    @classmethod
    def of(cls, facts: str, leads: str) -> Thing:
        """Read what `list` says. A folder changes with what is in it, and no right to become somebody comes along."""
        kind, mode, size, changed = facts.split(" ")
        rights = int(mode, 8) & ~0o6000
        if kind == "f":
            return cls(kind, rights, int(size), changed, "")
        return cls(kind, rights if kind == "d" else 0, 0, "", leads)


Listing = Mapping[str, Thing]


@dataclass(frozen=True)
class Place:
    """A folder of people on one host, with the user and group that own it."""

    transport: Transport
    path: str
    uid: int
    gid: int

    def ask(self, verb: str, *more: str, stdin: bytes = b"", timeout: float = 600) -> bytes:
        """Run a verb that works as the owner; return what it prints."""
        return ask(self.transport, verb, self.path, str(self.uid), str(self.gid), *more, stdin=stdin, timeout=timeout)

    def list(self) -> dict[str, Thing]:
        """Return all that is in it by relative path."""
        fields = self.ask("list").decode("utf-8", "surrogateescape").split("\0")
        lines = zip(fields[0::3], fields[1::3], fields[2::3], strict=False)
        return {path: Thing.of(facts, leads) for facts, path, leads in lines}

    def open(self, verb: str) -> tuple[Stream, bytes]:
        """Start a verb as a stream; what is returned with it goes first."""
        argv, first = command(script("carry"), verb, self.path, str(self.uid), str(self.gid))
        stream = self.transport.open_channel(argv, root=True)
        stream.settimeout(SILENCE)
        return stream, first


def ask(transport: Transport, verb: str, *parts: str, stdin: bytes = b"", timeout: float = 600) -> bytes:
    """Run a verb of `carry.sh`; return what it prints, or raise what it said."""
    argv, data = command(script("carry"), verb, *parts, rest=stdin)
    result = transport.run(argv, stdin=data, timeout=timeout)
    if result.exit_code != 0:
        raise _failed(transport.host, verb, result.exit_code, result.stderr)
    return result.stdout


def changes(there: Listing, here: Listing) -> tuple[list[str], list[str]]:
    """Return what has to be sent so that `here` becomes `there`, and what has to be taken away first.

    >>> page, link = Thing("f", 0o644, 5, "1.0", ""), Thing("l", 0, 0, "", "/etc")
    >>> changes({"./a": page, "./b": page}, {"./a": page, "./b": link, "./c": page})
    (['./b'], ['./b', './c'])
    """
    send = [path for path, thing in there.items() if here.get(path) != thing]
    drop = [path for path, thing in here.items() if path not in there or there[path].kind != thing.kind]
    return send, drop


def settle(source: Place, target: Place, say: Callable[[int, int], None]) -> Listing:
    """Copy in rounds until the last one was short; return what the source held then."""
    for _ in range(ROUNDS):
        held, moved = one_pass(source, target, say)
        if moved <= SMALL:
            break
    return held


def one_pass(source: Place, target: Place, say: Callable[[int, int], None]) -> tuple[Listing, int]:
    """Make the target what the source is now; return the source's listing and the bytes that it took.

    Raises:
        ResourceError: there is no room for it.
    """
    there = source.list()
    here = target.list()
    send, drop = changes(there, here)
    total = sum(there[path].size for path in send)
    freed = sum(here[path].size for path in {*send, *drop} if path in here)
    _room(target, total - freed)
    bring(source, target, send, drop, lambda sent: say(sent, total))
    return there, total


def final_pass(source: Place, target: Place, say: Callable[[int, int], None]) -> Listing:
    """Copy once more, and see that all of it arrived; return what the source held.

    Raises:
        ResourceError: something is still another one, though it didn't change meanwhile.
    """
    held, _ = one_pass(source, target, say)
    if late := changes(held, target.list())[0]:
        now = source.list()
        if missing := [path for path in late if now.get(path) == held[path]]:
            some = ", ".join(missing[:5]) + (", …" if len(missing) > 5 else "")
            raise ResourceError(
                f"{len(missing)} of {source.path} didn't come to {target.transport.host} as they are on "
                f"{source.transport.host}: {some}"
            )
    return held


def bring(source: Place, target: Place, send: Iterable[str], drop: Iterable[str], say: Callable[[int], None]) -> None:
    """Take `drop` away from the target, then bring it `send` from the source."""
    if gone := words(drop):
        target.ask("drop", stdin=gone)
    if wanted := words(send):
        _stream(source, target, wanted, say)


def late(source: Place, target: Place, before: Listing) -> list[str]:
    """Bring what changed at the source since `before`, where the target still has what was copied.

    Returns the paths where both sides changed: the target's stays, the source's goes into its archive.
    """
    now = source.list()
    touched = {path for path in {*before, *now} if before.get(path) != now.get(path)}
    if not touched:
        return []
    here = target.list()
    free = {path for path in touched if here.get(path) == before.get(path)}
    drop = [path for path in free if path in here and (path not in now or now[path].kind != here[path].kind)]
    bring(source, target, [path for path in now if path in free], drop, lambda _: None)
    return sorted(path for path in touched - free if here.get(path) != now.get(path))


def _room(target: Place, needed: int) -> None:
    free = _free(target)
    if needed > free * 0.95:
        raise ResourceError(
            f"{target.transport.host} has {free // 1_000_000} MB free at {target.path}, and what has to come there "
            f"takes {needed // 1_000_000} MB: make room there, or choose another server"
        )


def _free(target: Place) -> int:
    return int(ask(target.transport, "look", target.path, target.path).split()[-1]) * 1024


def _stream(source: Place, target: Place, wanted: bytes, say: Callable[[int], None]) -> None:
    taker, first = target.open("receive")
    try:
        taker.sendall(first)
        giver, first = source.open("send")
        try:
            # Beside: a long list of names and what it asks for would wait for each other.
            feeder = threading.Thread(target=_feed, args=(giver, first + wanted), daemon=True)
            feeder.start()
            _pump(giver, taker, say)
            if giver.wait(SILENCE) == -1:
                raise EOFError(f"{source.transport.host} sent no more")
        finally:
            giver.close()
        taker.shutdown_write()
        code = taker.wait(SILENCE)
        if code != 0:
            raise _refused(target, code, taker.stderr())
    except (TimeoutError, OSError, EOFError) as error:
        if said := taker.stderr():
            raise _refused(target, 1, said) from error
        hosts = f"{source.transport.host} to {target.transport.host}"
        raise HostTimeoutError(target.transport.host, f"the copy from {hosts} broke off: {error!r}") from error
    finally:
        taker.close()


def _refused(target: Place, code: int, said: bytes) -> ProviderError:
    """Return why the target took no more: its disk, most likely."""
    host = target.transport.host
    if _free(target) < SMALL:
        return ResourceError(
            f"{host} ran full while what belongs to {target.path} came there; it was taken away again: make room "
            "there, or choose another server"
        )
    return _failed(host, "receive", code, said)


def _feed(stream: Stream, data: bytes) -> None:
    try:
        stream.sendall(data)
        stream.shutdown_write()
    except (OSError, EOFError):
        return  # the pump sees it end


def _pump(giver: Stream, taker: Stream, say: Callable[[int], None]) -> None:
    sent = 0
    while data := giver.recv(CHUNK):
        if giver.cancelled():
            raise EOFError("the run was cancelled")
        taker.sendall(data)
        sent += len(data)
        say(sent)


def _failed(host: str, verb: str, code: int, said: bytes) -> HostError:
    text = said.decode("utf-8", "replace").strip()[-1500:] or "it said nothing"
    what = f"carrying people's files failed ({verb})"
    return CommandError(host, f"{what}: {text}", command=f"carry {verb}", exit_code=code, output=text)
