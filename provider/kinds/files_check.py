"""What is accepted as inputs of `Files`: everything that is wrong, at once, each with its property path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from provider.kinds.base import CheckFailure, Props, Unknown
from provider.kinds.moving import DAYS
from provider.kinds.texts import unfolded
from provider.plan.paths import keyed, mode_fault, normal_mode, owner_fault, path_fault
from provider.secrets import faults

LARGEST = 1_000_000
_KNOWN = ("host", "service", "files", "folders", "seeds", "secrets", "run", "adopt", "moving")
_MOVING = ("content", "passage", "give", "take", "days")


def check_files(news: Props) -> tuple[Props, list[CheckFailure]]:
    """Return the inputs with defaults, and their faults."""
    checker = _Checker(news)
    return checker.inputs(), checker.failures


class _Checker:
    def __init__(self, news: Props) -> None:
        self.news = news
        self.failures: list[CheckFailure] = []
        secrets = news.get("secrets")
        self.secrets = secrets if isinstance(secrets, Mapping) else {}
        self.secrets_known = secrets is None or isinstance(secrets, Mapping)

    def inputs(self) -> Props:
        for name in self.news:
            if name not in _KNOWN:
                self.fail(name, f"isn't a property of Files; there are {', '.join(_KNOWN)}")
        host, service = self.news.get("host"), self.news.get("service")
        if not isinstance(host, str | Unknown) or host == "":
            self.fail("host", "is missing; name a host of the inventory")
        if service is not None and not isinstance(service, str | Unknown):
            self.fail("service", "isn't a name; give the `name` output of a Service")
        if not isinstance(self.news.get("adopt") or False, bool | Unknown):
            self.fail("adopt", "isn't true or false")
        if isinstance(self.secrets, Mapping):
            for name, value in self.secrets.items():
                if not isinstance(value, str | Unknown):
                    self.fail(f"secrets.{name}", "isn't a text")
        inputs = {
            "host": host,
            "service": service,
            "files": self._specs("files", content=True, mode="0644"),
            "folders": self._specs("folders", content=False, mode="0755"),
            "seeds": self._specs("seeds", content=True, mode="0644"),
            "secrets": self.news.get("secrets"),
            "run": self._run(),
            "adopt": self.news.get("adopt"),
            "moving": self._moving(),
        }
        # What isn't said isn't kept: then what a program says is what the state holds, and is known at a glance.
        return {name: value for name, value in inputs.items() if self.news.get(name) is not None}

    def fail(self, prop: str, reason: str) -> None:
        self.failures.append(CheckFailure(prop, reason))

    def _specs(self, name: str, *, content: bool, mode: str) -> Any:
        value = self.news.get(name)
        if value is None or isinstance(value, Unknown):
            return value
        if not isinstance(value, Mapping):
            self.fail(name, "isn't a map from paths to what they should be")
            return {}
        return {path: self._spec(name, path, spec, content, mode) for path, spec in value.items()}

    def _spec(self, name: str, path: str, spec: Any, content: bool, mode: str) -> Any:
        prop = keyed(name, path)
        absolute = name != "files" or path.startswith("/")
        if fault := path_fault(path, absolute=absolute):
            self.fail(prop, f"the path {fault}")
        elif not absolute and self.news.get("service") is None:
            self.fail(
                prop, "a relative path belongs to a service's generation; name the `service` or begin it with `/`"
            )
        return self._filled(name, path, spec, content, mode)

    def _filled(self, name: str, path: str, spec: Any, content: bool, mode: str) -> Any:
        prop = keyed(name, path)
        if isinstance(spec, Unknown):
            return spec
        if not isinstance(spec, Mapping):
            self.fail(prop, 'isn\'t a map such as {"content": "…", "mode": "0644"}')
            return {}
        known = (*(("content",) if content else ()), "mode", "owner", "group")
        for field in spec:
            if field not in known:
                self.fail(f"{prop}.{field}", f"isn't known here; there are {', '.join(known)}")
        filled = {**self._rights(prop, spec, mode)}
        if content:
            filled["content"] = self._content(f"{prop}.content", spec.get("content"))
        return filled

    def _rights(self, prop: str, spec: Mapping[str, Any], mode: str) -> dict[str, Any]:
        filled = {
            field: spec[field] if spec.get(field) is not None else default
            for field, default in (("mode", mode), ("owner", "root"), ("group", "root"))
        }
        for field, value in filled.items():
            if isinstance(value, Unknown):
                continue
            fault = mode_fault(value) if field == "mode" else owner_fault(value)
            if fault:
                self.fail(f"{prop}.{field}", fault)
            elif field == "mode":
                filled[field] = normal_mode(value)
        return filled

    def _content(self, prop: str, content: Any) -> Any:
        if isinstance(content, Unknown):
            return content
        if not isinstance(content, str):
            self.fail(prop, "isn't a text")
            return ""
        try:
            size = len(content.encode())
        except UnicodeEncodeError:
            self.fail(prop, "holds half a surrogate pair, which is no character")
            return ""
        if size > LARGEST:
            self.fail(prop, f"is too large ({size} bytes); {LARGEST} are the most")
        if self.secrets_known:
            for fault in faults(content, self.secrets):
                self.fail(prop, fault)
        return content

    def _run(self) -> Any:
        run = self.news.get("run")
        if run is None or isinstance(run, Unknown):
            return run
        if not isinstance(run, list):
            self.fail("run", 'isn\'t a list of commands such as [["systemctl", "daemon-reload"]]')
            return []
        for number, argv in enumerate(run):
            if not isinstance(argv, Unknown) and argv_fault(argv):
                self.fail(f"run[{number}]", argv_fault(argv) or "")
        return run

    def _moving(self) -> Any:
        text = self.news.get("moving")
        if text is not None and not isinstance(text, Unknown):
            moving = unfolded(text)
            if moving is None:
                self.fail("moving", """isn't the JSON text of a map such as '{"content": ["/srv/a"]}'""")
            else:
                self._check_moving(moving)
        return text

    def _check_moving(self, moving: Mapping[str, Any]) -> None:
        for name in moving:
            if name not in _MOVING:
                self.fail(f"moving.{name}", f"isn't known here; there are {', '.join(_MOVING)}")
        for name in ("give", "take"):
            if (argv := moving.get(name)) and (fault := argv_fault(argv)):
                self.fail(f"moving.{name}", fault)
        days = moving.get("days", DAYS)
        if not isinstance(days, int | float) or days < 0:
            self.fail("moving.days", "isn't a number of days")
        self._check_moved(moving.get("content") or [])
        self._check_passage(moving.get("passage") or {})

    def _check_moved(self, content: Any) -> None:
        if not isinstance(content, list) or not all(isinstance(path, str) for path in content):
            self.fail("moving.content", "isn't a list of folders")
            return
        for number, path in enumerate(content):
            if fault := path_fault(path, absolute=True):
                self.fail(f"moving.content[{number}]", f"the path {fault}")

    def _check_passage(self, files: Any) -> None:
        if not isinstance(files, Mapping):
            self.fail("moving.passage", "isn't a map from paths to what they should be")
            return
        for path, spec in files.items():
            if fault := path_fault(path, absolute=False):
                self.fail(keyed("moving.passage", path), f"the path {fault}")
            self._filled("moving.passage", path, spec, True, "0644")


def argv_fault(argv: Any) -> str | None:
    """Return what is wrong with a command, or None.

    >>> argv_fault("nginx -t")
    'isn\\'t a list of words such as ["nginx", "-t"]'
    """
    if not isinstance(argv, list) or not argv or not all(isinstance(word, str | Unknown) for word in argv):
        return 'isn\'t a list of words such as ["nginx", "-t"]'
    if any(isinstance(word, str) and "\0" in word for word in argv):
        return "holds a NUL byte"
    return None
