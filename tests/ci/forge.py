"""Forges on this machine, for as much of their API as comments need: answers in the shapes of the real ones."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "canary-forge-token"
US = {"github": {"id": 41898282, "login": "github-actions[bot]"}, "gitlab": {"id": 77, "username": "numerian-ci"}}
STRANGER = {"github": {"id": 5, "login": "somebody"}, "gitlab": {"id": 5, "username": "somebody"}}
LISTS = {
    "github": r"/repos/syndicat/numerian/issues/(\d+)/comments",
    "gitlab": r"/projects/12/merge_requests/(\d+)/notes",
}
ONES = {"github": r"/repos/syndicat/numerian/issues/comments/(\d+)", "gitlab": LISTS["gitlab"] + r"/(\d+)"}


@dataclass
class Forge:
    """What was written, and who asked how."""

    kind: str
    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    status: int = 0
    """Answered to everything, when set."""

    def write(self, body: str, author: dict[str, Any]) -> dict[str, Any]:
        who = {"github": "user", "gitlab": "author"}[self.kind]
        self.comments.append({"id": 1000 + len(self.comments), "body": body, who: author})
        return self.comments[-1]

    @property
    def environment(self) -> dict[str, str]:
        if self.kind == "github":
            return {"GITHUB_API_URL": self.url, "GITHUB_REPOSITORY": "syndicat/numerian", "GITHUB_TOKEN": TOKEN}
        return {"CI_API_V4_URL": self.url, "CI_PROJECT_ID": "12", "NUMERIAN_COMMENT_TOKEN": TOKEN}

    def answer(self, method: str, target: str, sent: dict[str, Any]) -> tuple[int, Any]:
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        self.asked.append(f"{method} {path}")
        if self.status:
            return self.status, {"message": "no"}
        if (method, path, self.kind) == ("GET", "/user", "gitlab"):
            return 200, US["gitlab"]
        if re.fullmatch(LISTS[self.kind], path):
            if method == "POST":
                return 201, self.write(sent["body"], US[self.kind])
            size, page = int(query["per_page"][0]), int(query["page"][0])
            return 200, self.comments[size * (page - 1) : size * page]
        one = re.fullmatch(ONES[self.kind], path)
        if one and method == {"github": "PATCH", "gitlab": "PUT"}[self.kind]:
            (comment,) = [c for c in self.comments if c["id"] == int(one.groups()[-1])]
            comment["body"] = sent["body"]
            return 200, comment
        return 404, {"message": "404 Not Found"}


@contextmanager
def serving(kind: str) -> Iterator[Forge]:
    """Serve a forge on a free port."""
    forge = Forge(kind)

    class Handler(BaseHTTPRequestHandler):
        def serve(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            right = {"github": ("Authorization", f"Bearer {TOKEN}"), "gitlab": ("PRIVATE-TOKEN", TOKEN)}[kind]
            allowed = self.headers.get(right[0]) == right[1]
            code, told = forge.answer(self.command, self.path, json.loads(sent or b"{}")) if allowed else (401, {})
            self.send_response(code)
            if code == 302:
                self.send_header("Location", f"{forge.url}/stolen")
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

        do_GET = do_POST = do_PATCH = do_PUT = serve

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    forge.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield forge
    finally:
        server.shutdown()
        server.server_close()
