"""What somebody sees who edits a member's file: asked of a real yaml-language-server, as VS Code asks it (LSP)."""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import node_packages
import pytest

ROOT = Path(__file__).resolve().parents[2]
MEMBERS = ROOT / "inventory" / "members"
PRIVAS = MEMBERS / "07186-privas.yaml"
TEXT = """\
# yaml-language-server: $schema=../schema/member.json
insee: 07186
datacenter: privas
plan: village
site:
  domain: privas.test
  kind: static
"""
SECONDS = 60


class Editor:
    """An editor's half of the conversation with the language server, over its standard input and output."""

    def __init__(self, server: Path) -> None:
        node = shutil.which("node")
        assert node, "node isn't on PATH; `make test` installs it for root, else run `apt-get install nodejs npm`"
        self.process = subprocess.Popen([node, server, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.inbox: queue.Queue[dict[str, Any]] = queue.Queue()
        self.told: dict[str, list[dict[str, Any]]] = {}
        self.number = 0
        threading.Thread(target=self._listen, daemon=True).start()
        self.ask("initialize", {"processId": None, "rootUri": ROOT.as_uri(), "capabilities": CAPABILITIES})
        self.tell("initialized", {})

    def _listen(self) -> None:
        stream = self.process.stdout
        assert stream
        while line := stream.readline():
            length = int(line.split(b":")[1]) if line.lower().startswith(b"content-length") else 0
            if not length:
                continue
            while stream.readline().strip():
                pass
            self.inbox.put(json.loads(stream.read(length)))

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def tell(self, method: str, parameters: object) -> None:
        self._send({"method": method, "params": parameters})

    def ask(self, method: str, parameters: object) -> Any:
        self.number += 1
        self._send({"id": self.number, "method": method, "params": parameters})
        while True:
            message = self._next()
            if message.get("id") == self.number and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def _next(self) -> dict[str, Any]:
        """Take what the server says next: answer its questions, note its diagnostics."""
        message = self.inbox.get(timeout=SECONDS)
        if message.get("method") == "workspace/configuration":
            asked = [item.get("section") for item in message["params"]["items"]]
            self._send({"id": message["id"], "result": [SETTINGS.get(section, {}) for section in asked]})
        elif message.get("method") == "textDocument/publishDiagnostics":
            self.told[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "id" in message and "method" in message:
            self._send({"id": message["id"], "result": None})
        return message

    def open(self, path: Path, text: str) -> str:
        uri = path.as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})
        return uri

    def mistakes(self, path: Path, text: str) -> list[tuple[int, str]]:
        """Return line (from 1) and message of each red line."""
        # A name of its own: when a file is closed, the server takes its red lines back, at some time.
        self.number += 1
        uri = self.open(path.with_name(f"{self.number}-{path.name}"), text)
        while uri not in self.told:
            self._next()
        self.tell("textDocument/didClose", {"textDocument": {"uri": uri}})
        return [(one["range"]["start"]["line"] + 1, one["message"]) for one in self.told[uri]]

    def completions(self, text: str) -> dict[str, str]:
        """Return what is offered where `|` stands: each label with its explanation."""
        return {
            item["label"]: _words(item.get("documentation", ""))
            for item in self._at(text, "textDocument/completion")["items"]
        }

    def hover(self, text: str) -> str:
        return _words(self._at(text, "textDocument/hover")["contents"])

    def _at(self, text: str, method: str) -> Any:
        before, _, after = text.partition("|")
        uri = self.open(PRIVAS, before + after)
        position = {"line": before.count("\n"), "character": len(before.rpartition("\n")[2])}
        found = self.ask(method, {"textDocument": {"uri": uri}, "position": position})
        self.tell("textDocument/didClose", {"textDocument": {"uri": uri}})
        return found

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


CAPABILITIES = {
    "workspace": {"configuration": True},
    "textDocument": {
        "completion": {"completionItem": {"documentationFormat": ["markdown", "plaintext"], "snippetSupport": True}},
        "hover": {"contentFormat": ["markdown", "plaintext"]},
        "publishDiagnostics": {},
    },
}
VS_CODE = json.loads((ROOT / ".vscode" / "settings.json").read_text(encoding="utf-8"))
SETTINGS = {
    "yaml": {name.removeprefix("yaml."): value for name, value in VS_CODE.items() if name.startswith("yaml.")}
    | {"schemaStore": {"enable": False}, "hover": True, "completion": True, "validate": True},
}


def _words(said: Any) -> str:
    return str(said["value"] if isinstance(said, dict) else said)


@pytest.fixture(scope="module")
def editor() -> Iterator[Editor]:
    """A language server of the pinned version, for all tests of this file."""
    found = Editor(node_packages.installed("editor") / "yaml-language-server" / "bin" / "yaml-language-server")
    yield found
    found.end()


def test_keys_are_completed_and_explained_in_both_languages(editor: Editor) -> None:
    offered = editor.completions(TEXT + "|\n")
    assert {"contact", "quota_mb", "status", "town_hall"} <= set(offered)
    assert "insee" not in offered, "it is there already"
    assert "Où écrire au membre" in offered["contact"] and "Where the member is written to" in offered["contact"]
    inside = editor.completions(TEXT + "  |\n")
    assert {"maintenance", "old_domains", "webmasters"} <= set(inside)


def test_values_are_completed(editor: Editor) -> None:
    assert {"static", "php", "redirect"} <= set(editor.completions(TEXT.replace("kind: static", "kind: |")))
    assert {"hameau", "village", "bourg", "ville"} <= set(editor.completions(TEXT.replace("plan: village", "plan: |")))
    assert {"privas", "alixan"} <= set(editor.completions(TEXT.replace("datacenter: privas", "datacenter: |")))


def test_a_key_is_explained_where_the_mouse_rests(editor: Editor) -> None:
    said = editor.hover(TEXT.replace("  domain", "  do|main"))
    assert "Son domaine, sans www." in said and "Its domain, without www." in said


@pytest.mark.parametrize(
    ("sound", "mistake", "line"),
    [
        ("plan: village", "paln: village", 4),
        ("kind: static", "kind: statique", 7),
        ("insee: 07186", "insee: Privas", 2),
        ("domain: privas.test", "domain: https://privas.test/", 6),
        ("plan: village", "plan: village\nquota_mb: beaucoup", 5),
        ("  kind: static", "   kind: static", 6),
    ],
)
def test_a_mistake_is_underlined_at_its_line(editor: Editor, sound: str, mistake: str, line: int) -> None:
    assert editor.mistakes(PRIVAS, TEXT) == []
    found = editor.mistakes(PRIVAS, TEXT.replace(sound, mistake))
    assert line in [at for at, _ in found], found


def test_the_inventory_has_no_red_line(editor: Editor) -> None:
    shared = sorted((ROOT / "inventory").glob("*.yaml"))
    members = sorted(MEMBERS.glob("*.yaml"))
    for path in [*shared, *members[::20], PRIVAS]:
        assert editor.mistakes(path, path.read_text(encoding="utf-8")) == [], path
