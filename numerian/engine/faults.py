"""The engine's error messages, made readable: whose, where, what; no engine's words around it, no traceback, ever."""

from __future__ import annotations

import re
from dataclasses import dataclass

from numerian.engine.changes import host_of, visible
from numerian.engine.events import Log, Message

_NOISE = re.compile(
    r"^(error: )?((update|preview|refresh|destroy) failed|resource (update|preview|operation)s? failed"
    r"|an unhandled error occurred: program exited with non-zero exit code: \d+"
    r"|one or more .*failed|.* (creating|updating|deleting|reading) failed)\.?$"
)
_PREFIXES = re.compile(
    r"^(?:error: |\d+ errors? occurred:\s*(?:\*|1\)) |rpc error: code = \w+ desc = |"
    r"(?:creating|updating|deleting|reading) urn:\S+(?: failed)?: |(?:resource|Preview|sdk-v\d\S*) failed: |"
    r"Program failed with an unhandled exception:\s*)",
    re.S,
)
_LATE_END = re.compile(r"^Detected that \S+?([\w-]+) exited prematurely\.")
"""A plugin that the engine wanted to end and that took too long for it, on a busy machine."""
_PLUGIN_GONE = re.compile(r"^error reading from server: EOF|^transport is closing")
"""What each resource gets whose plugin was killed under way."""
_GONE = (
    "a provider ended in the middle (killed, or out of memory?); what was under way may be done or not: the same"
    " command again finds out and does the rest"
)
_UNKNOWN = re.compile(r"\n\s*\d+\) Unknown(?=\n|$)")
"""What the engine numbers beside the error that it knows, when it can't write its state."""
_WAITED = re.compile(r"^\S+ resource '[^']+'(?:: property \S+ value \{<nil>\} has a problem: |.* is required$)")
"""A resource with an input of one that failed in the same run: the engine asks with that input left out."""
_PROBLEM = re.compile(r"^\S+ resource '[^']+': property .+? value \S*\{.*?\} has a problem: (?=\S)", re.S)
"""What the engine says before a provider's reason to refuse an input."""
_TRACEBACK = "Traceback (most recent call last)"
_CONFLICT = re.compile(
    r"Conflict\. The (?:container )?name|is already in use by container|network with name \S+ already"
)


@dataclass(frozen=True)
class Fault:
    """One thing that failed: where (host), whose (resource names), what and the remedy."""

    host: str
    names: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        text = self.text.removeprefix(f"{self.host}: ") if self.host else self.text
        shown = self.names[0] if self.names else ""
        if len(self.names) > 1:
            shown = f"{', '.join(self.names[:3])}{f' and {len(self.names) - 3} more' if len(self.names) > 3 else ''}"
        return ": ".join(part for part in (self.host, shown, text) if part)


def readable(text: str) -> str:
    """Return an error's text without the engine's wrapping and without a traceback.

    >>> readable("error: rpc error: code = Unknown desc = privas: no answer")
    'privas: no answer'
    """
    while True:
        stripped = _UNKNOWN.sub("", _PREFIXES.sub("", text.strip(), count=1)).strip()
        if stripped == text:
            break
        text = stripped
    if _TRACEBACK in text:
        text = _last_words(text)
    return "\n".join(visible(line) for line in text.splitlines())


def _last_words(text: str) -> str:
    """Return what a traceback ends with: the exception's own message, all of its lines."""
    lines = text.splitlines()
    frames = [number for number, line in enumerate(lines) if re.match(r'\s+File "', line)]
    after = frames[-1] + 1 if frames else 0
    while after < len(lines) and (not lines[after].strip() or lines[after].startswith((" ", "\t"))):
        after += 1
    words = "\n".join(line for line in lines[after:] if line.strip())
    # `package.module.SomeError: message`: the class is of use only where the message is empty.
    return re.sub(r"^[\w.]*\w(?:Error|Exception|Exit): (?=\S)", "", words) or text.split(_TRACEBACK)[0].strip()


def faults(log: Log, said: str) -> list[Fault]:
    """Return what failed, each once, hosts first; `said` is the engine's stderr, used when no event tells anything."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for message in log.errors:
        text = readable(message.text)
        if not text or _NOISE.match(text) or (log.result == "succeeded" and _LATE_END.match(text)):
            continue
        host, name = _whose(message, log)
        if _PLUGIN_GONE.search(text) or _LATE_END.match(text):
            text = _GONE
        names = grouped.setdefault((host, text), [])
        if name and name not in names:
            names.append(name)
    if any(text == _GONE and host for host, text in grouped):
        grouped.pop(("", _GONE), None)
    if any(not _WAITED.match(text) for _, text in grouped):
        grouped = {whose: names for whose, names in grouped.items() if not _WAITED.match(whose[1])}
    found = [_fault(host, names, text) for (host, text), names in grouped.items()]
    if not found and said:
        found = [Fault("", (), text) for text in _stderr(said)]
    return sorted(found, key=lambda fault: (fault.host == "", fault.host, fault.names))


def _fault(host: str, names: list[str], text: str) -> Fault:
    """Return a fault without the engine's words; what the guard refuses is about members, not about the guard."""
    whose = [name for name in names if not name.startswith("Guard ")]
    return Fault(host, tuple(whose), _PROBLEM.sub("", text))


def late_ends(log: Log) -> list[str]:
    """Return the plugins whose end came too late for the engine, after everything had been done and kept."""
    if log.result != "succeeded":
        return []
    found = (_LATE_END.match(readable(message.text)) for message in log.errors)
    return sorted({match.group(1) for match in found if match})


def _stderr(said: str) -> list[str]:
    """Return the engine's own errors; what comes before the first `error:` are warnings."""
    texts = [readable(part) for part in re.split(r"^error: ", said, flags=re.M)[1:]] or [readable(said)]
    return [text for text in texts if text and not _NOISE.match(text)]


def _whose(message: Message, log: Log) -> tuple[str, str]:
    """Return host and name of what a message is about, "" for what isn't known."""
    if step := log.whose(message.urn):
        return host_of(step, log.providers), f"{step.kind} {step.name}"
    if message.urn and "pulumi:pulumi:Stack::" not in message.urn:
        *_, token, name = message.urn.split("::")
        return "", f"{token.rsplit(':', 1)[-1]} {name}"
    return "", ""


def conflicts(found: list[Fault]) -> bool:
    """Tell whether Docker has things that the state doesn't know."""
    return any(_CONFLICT.search(fault.text) for fault in found)


def hints(found: list[Fault], stack: str) -> list[str]:
    """Return what to do next, where a fault's own text can't know it."""
    texts = "\n".join(fault.text for fault in found)
    advice = []
    if conflicts(found):
        advice.append(
            "Docker has things of these names that the state doesn't know (a lost state?):"
            f" run `numerian adopt --stack {stack}` and what it prints"
        )
    if "the stack is currently locked" in texts:
        advice.append("somebody else works on this stack; wait, or, when that engine is dead, run `pulumi cancel`")
    if "incorrect passphrase" in texts:
        advice.append(
            "the passphrase isn't the one that this stack was made with; `numerian doctor` says which file is used"
        )
    return advice
