"""SSH: one pooled connection a host, at most five sessions on it at once, nothing that can hang for ever.

A command that may have run is never run again by itself: only opening a session is tried twice.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import paramiko
from paramiko.ssh_exception import ChannelException, SSHException

from provider.errors import CommandError, HostError, HostTimeoutError, ProviderError, RouteError, SudoError
from provider.shell import join
from provider.transport import HostSpec, Result
from provider.transport.command import last_lines, shown
from provider.transport.connect import Limits
from provider.transport.login import may_become_root
from provider.transport.pooled import Jump, Pooled
from provider.transport.pulse import lost
from provider.transport.session import CancelledError, Flow, Outcome, SilenceError, command_line, kill_line
from provider.transport.stream import Stream

SESSIONS = 5
"""Sessions at once on one connection. sshd's MaxSessions is 10 but counts those that it hasn't reaped yet."""

DROPBEAR_SESSIONS = 2
"""Dropbear 2022.83 with five: now and then a session is closed at its start, or the connection (seen in one of 40
commands; with two in none of 600)."""


class SshTransport:
    """The transport of production. Connects at its first use; thread-safe."""

    def __init__(
        self,
        spec: HostSpec,
        jump: Callable[[str], Jump] | None = None,
        limits: Limits | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self._spec = spec
        self._limits = limits or Limits()
        self._pooled = Pooled(spec, jump, self._limits, say or (lambda text: None))
        self._many = self._slots = threading.BoundedSemaphore(SESSIONS)
        self._cancel = threading.Event()

    @property
    def host(self) -> str:
        """The host's inventory name."""
        return self._spec.name

    @property
    def accounts(self) -> frozenset[str]:
        """The host's user, and its first user if it has one."""
        return frozenset({self._spec.user, *([self._spec.first_user] if self._spec.first_user else [])})

    def run(self, argv: list[str], *, stdin: bytes = b"", timeout: float = 60.0, root: bool = True) -> Result:
        """Run `argv`; see `provider.transport.Transport.run`.

        Beyond the kinds of `HostError` that connecting raises: `SudoError` when sudo refuses, `CommandError` when the
        user's login shell never started the command, `RouteError` when the connection broke under way.
        """
        try:
            return self._run(argv, stdin, timeout, root)
        except SudoError:
            # Nothing ran yet, so the first user may run it.
            if not self._pooled.fall_back():
                raise
            return self._run(argv, stdin, timeout, root)

    def _run(self, argv: list[str], stdin: bytes, timeout: float, root: bool) -> Result:
        outcome = Outcome(secrets.token_hex(8))

        def line(sudo: bool) -> str:
            return command_line(argv, outcome.nonce, sudo=sudo, fed=bool(stdin))

        with self._session(line, argv, root=root) as channel:
            try:
                Flow(channel, outcome, self._cancel.is_set).run(stdin, timeout)
            except (SilenceError, CancelledError) as reason:
                raise self._stop(channel, outcome, argv, reason, root=root, timeout=timeout) from None
            connection = channel.get_transport()
            alive = connection.is_active()
        if lost(connection) and outcome.exit_code in (None, -1):
            raise HostTimeoutError(
                self.host,
                f"no byte came from the host for {self._limits.silent:g} s while {shown(argv)} ran; the host hangs or "
                "the connection is half-open. It may or may not have finished",
            )
        return self._result(outcome, argv, sudo=_sudo(connection, root), alive=alive)

    def open_channel(self, argv: list[str], *, root: bool = False) -> Stream:
        """Start `argv` and return its stdin and stdout as one stream, for protocols that are spoken over a command."""

        def line(sudo: bool) -> str:
            return join([*(["sudo", "-n", "--"] if sudo else []), *argv])

        with ExitStack() as stack:
            channel = stack.enter_context(self._session(line, argv, root=root))
            return Stream(channel, stack.pop_all().close, self._cancel.is_set)

    def open_tunnel(self, address: str, port: int) -> Any:
        """Return a channel from this host to `address` and `port`: how a host behind it is reached."""
        try:
            # Never given back: nobody says when the tunnel's other end is done with the connection.
            return self._open(lambda connection: connection.open_channel("direct-tcpip", (address, port), ("", 0)))
        except ChannelException as error:
            raise RouteError(
                self.host, f"as a jump host it can't reach {address} port {port} ({error.text}); AllowTcpForwarding?"
            ) from error

    def end_first_contact(self, *, made: bool = False) -> None:
        """After a first contact, go on as `user` if that one can log in and become root by now; else stay.

        A log-in that was refused is tried again only if the account was `made` since: sshd bars who fails often.
        """
        self._hand_over(made=made)

    def _hand_over(self, *, made: bool) -> bool:
        """Go on as `user` after a first contact; tell whether there is a new connection now."""
        pooled = self._pooled
        if not pooled.first_contact or (pooled.refused and not made):
            return False
        try:
            fresh = pooled.log_in()
        except HostError:
            return False
        pooled.refused = False
        able = may_become_root(fresh, self._limits.session)
        if able:
            pooled.exchange(fresh)
        else:
            fresh.close()
        return able

    def renew(self) -> None:
        """Connect afresh and go on with that; see `provider.transport.Transport.renew`."""
        self._refuse_cancelled()
        if not self._hand_over(made=True):
            self._pooled.renew()

    def cancel(self) -> None:
        """End what runs now (on the host too) and refuse what comes later."""
        self._cancel.set()

    def close(self) -> None:
        """Close the connection; a later call opens a new one."""
        self._pooled.close()

    @contextmanager
    def _session(self, line: Callable[[bool], str], argv: list[str], *, root: bool) -> Iterator[paramiko.Channel]:
        """Run `line(sudo)` in one of the five sessions; `argv` is what errors call it."""
        self._suit_slots()
        slots = self._slots
        while not slots.acquire(timeout=0.25):
            self._refuse_cancelled()
        try:
            channel = self._start_patiently(line, argv, root)
            try:
                yield channel
            finally:
                channel.close()
                self._pooled.give_back(channel.get_transport())
        finally:
            slots.release()

    def _suit_slots(self) -> None:
        """Take fewer sessions at once of a server that bears fewer."""
        connection, _ = self._pooled.take()
        self._pooled.give_back(connection)
        if "dropbear" in connection.remote_version.lower() and self._slots is self._many:
            self._slots = threading.BoundedSemaphore(DROPBEAR_SESSIONS)

    def _start_patiently(self, line: Callable[[bool], str], argv: list[str], root: bool) -> paramiko.Channel:
        """Start a command, again while a busy server refuses: what was refused hasn't run."""
        pause = self._limits.first_pause
        for attempt in range(self._limits.attempts):
            try:
                channel = self._open(lambda connection: connection.open_session(timeout=self._limits.session))
                connection = channel.get_transport()
                try:
                    self._start(channel, line(_sudo(connection, root)), argv)
                except BaseException:
                    self._pooled.give_back(connection)
                    raise
                return channel
            except ChannelException as error:
                if attempt + 1 == self._limits.attempts:
                    raise RouteError(
                        self.host,
                        f"the server refuses to open a session ({error.text}); MaxSessions in its sshd_config?",
                    ) from error
                time.sleep(pause)
                pause *= 2
        raise RouteError(self.host, "the server opens no session")

    def _open(self, opener: Callable[[paramiko.Transport], paramiko.Channel]) -> paramiko.Channel:
        """Open a channel. A pooled connection that died meanwhile is replaced once: nothing was sent on it yet.

        The connection is in use until it is given back.
        """
        for last in (False, True):
            self._refuse_cancelled()
            connection, fresh = self._pooled.take()
            try:
                return opener(connection)
            except ChannelException:
                self._pooled.give_back(connection)
                raise
            except (SSHException, EOFError, OSError) as error:
                self._pooled.give_back(connection)
                timed_out = connection.is_active()
                if timed_out and "timeout" not in str(error).lower():
                    # paramiko keeps one refusal a connection: of two threads refused at once, one finds none and says
                    # this instead. The connection is well, and other commands run on it.
                    raise ChannelException(0, "refused") from error
                self._pooled.drop(connection)
                if last or fresh:
                    kind = HostTimeoutError if timed_out else RouteError
                    raise kind(self.host, f"no session could be opened on the connection: {_words(error)}") from error
        raise RouteError(self.host, "no session could be opened")

    def _start(self, channel: paramiko.Channel, line: str, argv: list[str]) -> None:
        # paramiko waits for the answer without a limit of its own.
        connection = channel.get_transport()
        watch = threading.Timer(self._limits.session, connection.close)
        watch.daemon = True
        watch.start()
        started = time.monotonic()
        try:
            channel.exec_command(line)
        except (SSHException, EOFError, OSError) as error:
            if time.monotonic() - started >= self._limits.session * 0.95:
                raise HostTimeoutError(
                    self.host, f"no answer within {self._limits.session:g} s to starting {shown(argv)}; it may have run"
                ) from error
            if connection.is_active():
                # No answer and a closed session on a live connection: the server never started it. Dropbear does that
                # now and then to a session that gets the number of one just closed.
                raise ChannelException(0, "closed at its start") from error
            raise RouteError(
                self.host, f"the connection broke while {shown(argv)} was started; it may have run"
            ) from error
        finally:
            watch.cancel()

    def _stop(
        self,
        channel: paramiko.Channel,
        outcome: Outcome,
        argv: list[str],
        reason: Exception,
        *,
        root: bool,
        timeout: float,
    ) -> ProviderError:
        """End the command on the host, as far as that answers, and return the error to raise."""
        pid, stderr = outcome.split()
        channel.close()
        if not self._kill(pid, root=root):
            self.close()
        if isinstance(reason, CancelledError):
            return HostError(self.host, f"{shown(argv)} was stopped because the run was cancelled")
        said = last_lines(bytes(outcome.stdout), stderr)
        words = f"; its last lines:\n{said}" if said else ""
        return HostTimeoutError(
            self.host,
            f"{shown(argv)} was silent for {timeout:g} s and was ended; the host hangs or the connection is half-open"
            + words,
        )

    def _kill(self, pid: int | None, *, root: bool) -> bool:
        """Send the command its end by a session of its own; False when the connection doesn't answer any more."""
        connection = self._pooled.current
        if pid is None or connection is None:
            return False
        try:
            channel = connection.open_session(timeout=self._limits.kill)
            channel.settimeout(self._limits.kill)
            channel.exec_command(kill_line(pid, sudo=_sudo(connection, root)))
            return channel.status_event.wait(self._limits.kill)
        except (SSHException, EOFError, OSError):
            return False

    def _result(self, outcome: Outcome, argv: list[str], *, sudo: bool, alive: bool) -> Result:
        pid, stderr = outcome.split()
        code = outcome.exit_code
        if code in (None, -1) and not alive:
            raise RouteError(
                self.host, f"the connection broke while {shown(argv)} ran; it may or may not have finished"
            )
        code = -1 if code is None else code
        if pid is not None or code == 0:
            return Result(bytes(outcome.stdout), stderr, code)
        said = last_lines(bytes(outcome.stdout), stderr)
        user = self._spec.user
        if sudo:
            remedy = (
                "install sudo, or log in as root"
                if code == 127
                else f"allow it in /etc/sudoers.d: `{user} ALL=(ALL:ALL) NOPASSWD: ALL`"
            )
            raise SudoError(
                self.host,
                f"{user} may not run {shown(argv)} as root: {said or f'exit {code}'}; {remedy}",
                command=join(argv),
            )
        raise CommandError(
            self.host,
            f"the login shell of {user} didn't start {shown(argv)} (exit {code}): {said}",
            command=join(argv),
            exit_code=code,
            output=said,
        )

    def _refuse_cancelled(self) -> None:
        if self._cancel.is_set():
            raise HostError(self.host, "not asked any more: the run was cancelled")


def _sudo(connection: paramiko.Transport, root: bool) -> bool:
    """Whether a command that has to run as root needs sudo: who logged in is the connection's."""
    return root and connection.get_username() != "root"


def _words(error: BaseException) -> str:
    return str(error).rstrip(".") or type(error).__name__
