"""The engine's events become steps, and steps what an operator reads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from numerian.engine import changes, faults, report
from numerian.engine.events import SECRET, Log

SIGNATURE = "4dabf18193072939515e22adb298388d"
URN = "urn:pulumi:lab::numerian::numerian:index:Files::"


def side(inputs: dict[str, Any], outputs: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"custom": True, "id": "x", "inputs": inputs, "outputs": outputs or inputs, **more}


def metadata(op: str, name: str = "07186", **more: Any) -> dict[str, Any]:
    return {"op": op, "urn": URN + name, "type": "numerian:index:Files", **more}


def feed(log: Log, kind: str, **event: Any) -> Log:
    log.feed(json.dumps({"sequence": 1, kind: event}, separators=(",", ":")).encode())
    return log


def started(log: Log, op: str, **more: Any) -> Log:
    return feed(log, "resourcePreEvent", metadata=metadata(op, **more))


def entry(log: Log) -> changes.Entry:
    (found,) = changes.entries(log, log.changed)
    return found


def conf(content: str, mode: str = "0644") -> dict[str, Any]:
    return {"host": "privas", "files": {"sites/07186.conf": {"content": content, "mode": mode}}}


def test_an_update_names_host_file_and_lines() -> None:
    detailed = {'files["sites/07186.conf"].content': {"diffKind": "update"}}
    log = started(Log(), "update", old=side(conf("a\nb\n")), new=side(conf("a\nc\n")), detailedDiff=detailed)
    assert list(report.changes(changes.entries(log, log.changed))) == [
        "privas",
        "  ~ Files 07186",
        "      ~ sites/07186.conf",
        "          @@ -1,2 +1,2 @@",
        "           a",
        "          -b",
        "          +c",
    ]


def test_a_mode_is_told_beside_the_lines() -> None:
    paths = ("content", "mode")
    detailed = {f'files["sites/07186.conf"].{path}': {"diffKind": "update"} for path in paths}
    log = started(Log(), "update", old=side(conf("a\n")), new=side(conf("b\n", "0600")), detailedDiff=detailed)
    (change,) = entry(log).changes
    assert (change.note, change.lines[1:]) == ("mode 0644 → 0600", ("-a", "+b"))


def test_what_the_server_has_is_compared_not_what_the_program_once_said() -> None:
    """After a refresh the outputs hold the drift; the inputs are still the program's."""
    detailed = {'files["sites/07186.conf"].content': {"diffKind": "update"}}
    old = side(conf("a\n"), conf("by hand\n"))
    log = started(Log(), "update", old=old, new=side(conf("a\n")), detailedDiff=detailed)
    assert entry(log).changes[0].lines[1:] == ("-by hand", "+a")


def test_a_file_that_is_added_or_taken_away_is_named() -> None:
    detailed = {'files["new"]': {"diffKind": "add"}, 'files["old"]': {"diffKind": "delete"}}
    old = side({"host": "privas", "files": {"old": {"content": "x\n", "mode": "0644"}}})
    new = side({"host": "privas", "files": {"new": {"content": "y\n", "mode": "0644"}}})
    log = started(Log(), "update", old=old, new=new, detailedDiff=detailed)
    assert [(change.label, change.sign) for change in entry(log).changes] == [("new", "+"), ("old", "-")]
    assert entry(log).changes[0].lines[1:] == ("+y",)


def test_without_a_detailed_diff_the_inputs_are_compared() -> None:
    old, new = side({"host": "privas", "image": "front:1"}), side({"host": "privas", "image": "front:2"})
    log = started(Log(), "update", old=old, new=new, detailedDiff=None)
    assert [(c.label, c.note) for c in entry(log).changes] == [("image", "front:1 → front:2")]


def test_of_a_member_that_the_guard_keeps_what_differs_is_told() -> None:
    """The whole of it would be two long lines, cut off before they differ."""
    sides = ({"name": "Privas", "site": {"domain": domain}} for domain in ("a.test", "b.test"))
    old, new = (side({"members": {"07186": json.dumps(kept)}}) for kept in sides)
    changed = {'members["07186"]': {"diffKind": "update"}}
    event = metadata("update", old=old, new=new, detailedDiff=changed) | {"type": "numerian:index:Guard"}
    log = feed(Log(), "resourcePreEvent", metadata=event)
    assert [(c.label, c.note) for c in entry(log).changes] == [("members.07186.site.domain", "a.test → b.test")]


def test_a_secret_whose_value_nobody_tells_is_told_as_one() -> None:
    detailed = {"secrets.mairie": {"diffKind": "add"}}
    log = started(Log(), "update", old=side({"host": "privas"}), new=side({"host": "privas"}), detailedDiff=detailed)
    assert entry(log).changes[0].note == SECRET


def test_secrets_are_masked_wherever_they_are() -> None:
    secret = {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "c2VjcmV0"}
    plain = {"host": "privas", "secrets": {"key": "was plain"}}
    detailed = {"secrets.key": {"diffKind": "update"}}
    new = side({"host": "privas", "secrets": {"key": secret}})
    log = started(Log(), "update", old=side(plain), new=new, detailedDiff=detailed)
    assert entry(log).changes[0].note == SECRET
    assert "was plain" not in json.dumps(report.as_json(changes.entries(log, log.changed), log, []))


def test_a_refresh_tells_drift_by_path() -> None:
    log = started(Log(), "refresh", old=side(conf("a\n")), new=side(conf("a\n")))
    found = metadata(
        "update",
        old=side(conf("a\n")),
        new=side(conf("a\n"), conf("by hand\n")),
        detailedDiff={'files["sites/07186.conf"].content': {"diffKind": "update"}},
    )
    feed(log, "resOutputsEvent", metadata=found)
    (drift,) = changes.entries(log, list(log.drifted.values()))
    assert (drift.op, drift.changes[0].lines[1:]) == ("drifted", ("-a", "+by hand"))


def test_a_replacement_is_told_once() -> None:
    log = Log()
    for op in ("create-replacement", "replace", "delete-replaced"):
        started(log, op, old=side(conf("a\n")), new=side(conf("b\n")))
    assert [step.op for step in log.changed] == ["replace"]


def test_unchanged_resources_are_counted_without_components_and_providers() -> None:
    log = feed(Log(), "resOutputsEvent", metadata=metadata("same", old=side({}), new=side({})))
    component = {**metadata("same"), "type": "numerian:site:Website", "old": {"id": ""}, "new": {"id": ""}}
    feed(log, "resOutputsEvent", metadata=component)
    provider = metadata("same", name="default", new=side({"context": "privas"}))
    feed(log, "resOutputsEvent", metadata={**provider, "type": "pulumi:providers:docker"})
    assert log.same == 1


def test_progress_counts_what_does_something() -> None:
    """A component is begun with its first thing and ends with the run: it would stand as never done."""
    log = started(Log(), "create", new=side(conf("a\n")))
    started(log, "create", name="07186-commune", new={**side({}), "custom": False})
    assert report.progress(log, "up") == "up · 0/1 done · 07186-commune"
    feed(log, "resOutputsEvent", metadata=metadata("create", new=side(conf("a\n"))))
    assert report.progress(log, "up").startswith("up · 1/1 done")


def test_the_host_of_a_docker_thing_is_its_providers() -> None:
    log = Log()
    urn = "urn:pulumi:lab::numerian::pulumi:providers:docker::docker-privas"
    provider = {"op": "same", "urn": urn, "type": "pulumi:providers:docker", "new": side({"context": "privas"})}
    feed(log, "resourcePreEvent", metadata=provider)
    started(log, "create", new=side({"name": "front"}, provider=f"{urn}::some-id"))
    assert entry(log).host == "privas"


def test_the_same_lines_in_many_members_are_told_once() -> None:
    log = Log()
    for code in ("1", "2", "3", "4", "5"):
        detailed = {f'files["sites/{code}.conf"].content': {"diffKind": "update"}}
        old, new = (
            side({"host": "privas", "files": {f"sites/{code}.conf": {"content": f"name {code}\n{text}\n"}}})
            for text in ("old", "new")
        )
        started(log, "update", name=code, old=old, new=new, detailedDiff=detailed)
    lines = list(report.changes(changes.entries(log, log.changed)))
    assert sum("+new" in line for line in lines) == 1
    assert lines[-1].endswith("the same lines in 4 more: 2, 3, 4, 5")


def test_what_a_terminal_would_obey_is_made_visible() -> None:
    detailed = {'files["sites/07186.conf"].content': {"diffKind": "update"}}
    new = side(conf("\x1b]0;owned\x07\u202eevil\n"))
    log = started(Log(), "update", old=side(conf("a\n")), new=new, detailedDiff=detailed)
    assert entry(log).changes[0].lines[-1] == "+\\x1b]0;owned\\x07\\u202eevil"


def diagnostic(log: Log, message: str, urn: str = "", severity: str = "error") -> Log:
    return feed(log, "diagnosticEvent", message=message, urn=urn, severity=severity)


def test_an_error_has_its_host_first_and_no_engine_words() -> None:
    log = started(Log(), "create", new=side(conf("a\n")))
    diagnostic(log, "<{%reset%}>rpc error: code = Unknown desc = privas: nothing answers; is it on?", URN + "07186")
    diagnostic(log, "an unhandled error occurred: program exited with non-zero exit code: 1")
    diagnostic(log, "update failed")
    assert [str(fault) for fault in faults.faults(log, "")] == ["privas: Files 07186: nothing answers; is it on?"]


@pytest.mark.parametrize(
    "asked",
    [
        "numerian:index:Files resource 'x': property files[\"/a\"].content value {<nil>} has a problem: isn't a text",
        "docker:index/container:Container resource 'x': property image value output<string>{} has a problem: `image` of"
        " docker:index/container:Container is required",
    ],
)
def test_what_waited_for_something_that_failed_is_told_by_that_alone(asked: str) -> None:
    """The engine asks for what depends on it all the same, with the input left out that it doesn't have."""
    log = started(Log(), "create", new=side(conf("a\n")))
    diagnostic(log, "privas: no room for the image", URN + "07186")
    diagnostic(log, asked, URN + "roll")
    assert [str(fault) for fault in faults.faults(log, "")] == ["privas: Files 07186: no room for the image"]
    alone = diagnostic(Log(), asked, URN + "roll")
    assert len(faults.faults(alone, "")) == 1


@pytest.mark.parametrize(
    ("kind", "name", "told"),
    [("Guard", "guard", "file of 07186 vanished"), ("Files", "07186", "Files 07186: file of 07186 vanished")],
)
def test_what_a_provider_refuses_is_told_in_its_own_words(kind: str, name: str, told: str) -> None:
    """Nor is it said of the guard: who reads it looks for the member."""
    said = f"numerian:index:{kind} resource '{name}': property members[\"07186\"] value {{<nil>}} has a problem: "
    log = feed(
        Log(),
        "diagnosticEvent",
        severity="error",
        message=f"{said}file of 07186 vanished",
        urn=URN.replace("Files", kind) + name,
    )
    assert [str(fault) for fault in faults.faults(log, "")] == [told]


def test_the_same_error_of_many_is_told_once_with_their_names() -> None:
    log = Log()
    for code in ("1", "2", "3", "4", "5"):
        started(log, "create", name=code, new=side(conf("a\n")))
        diagnostic(log, "privas: nothing answers", URN + code)
    (fault,) = faults.faults(log, "")
    assert str(fault) == "privas: Files 1, Files 2, Files 3 and 2 more: nothing answers"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Program failed with an unhandled exception:\nTraceback (most recent call last):\n"
            '  File "a.py", line 1, in b'
            "\n    raise ValueError(x)\n    ^^^^^\nValueError: no such member\n",
            "no such member",
        ),
        ("Traceback (most recent call last):\n  File \"a.py\", line 1, in b\n    x\nKeyError: 'x'\n", "'x'"),
        ('Traceback (most recent call last):\n  File "a.py", line 1\n    x\na.b.SomeError: one\ntwo\n', "one\ntwo"),
        (
            'Traceback (most recent call last):\n  File "a.py", line 1\n    x\nValueError: inner\n\n'
            "During handling of the above exception, another exception occurred:\n\n"
            'Traceback (most recent call last):\n  File "b.py", line 2\n    y\nRuntimeError: outer\n',
            "outer",
        ),
        ("error: 1 error occurred:\n    * privas: no answer\n", "privas: no answer"),
        (
            "error: 2 errors occurred:\n    \t1) open /state/lock.json: no space left on device\n    \t2) Unknown",
            "open /state/lock.json: no space left on device",
        ),
    ],
)
def test_no_traceback_reaches_an_operator(text: str, expected: str) -> None:
    assert faults.readable(text) == expected


def test_what_the_engine_says_before_any_event_is_told() -> None:
    said = "warning: old thing\nerror: the stack is currently locked by 1 lock(s).\n"
    (fault,) = faults.faults(Log(), said)
    assert str(fault) == "the stack is currently locked by 1 lock(s)."
    assert "pulumi cancel" in faults.hints([fault], "lab")[0]


@pytest.mark.parametrize(
    "message",
    [
        'Conflict. The container name "/front" is already in use by container "abc"',
        "network with name front already exists",
    ],
)
def test_a_docker_conflict_leads_to_adopt(message: str) -> None:
    assert "numerian adopt --stack lab" in faults.hints([faults.Fault("privas", (), message)], "lab")[0]


def test_a_plugin_that_ends_late_after_everything_was_done_is_no_failure() -> None:
    words = "Detected that /checkout/provider/pulumi-resource-numerian exited prematurely. \n  This is *always* a bug"
    log = diagnostic(feed(Log(), "summaryEvent", result="succeeded"), words)
    assert faults.faults(log, "") == []
    assert faults.late_ends(log) == ["pulumi-resource-numerian"]


def test_a_plugin_that_dies_meanwhile_is_a_failure() -> None:
    words = "Detected that /checkout/provider/pulumi-resource-numerian exited prematurely. \n  This is *always* a bug"
    log = diagnostic(feed(Log(), "summaryEvent", result="failed"), words)
    assert len(faults.faults(log, "")) == 1
    assert faults.late_ends(log) == []


def test_the_engines_page_about_a_run_that_was_cut_is_one_line() -> None:
    page = (
        "Attempting to deploy or update resources with 1 pending operations from previous deployment.\n"
        f"  * {URN}07186-site, interrupted while creating\nThese resources are in an unknown state because …"
    )
    log = feed(Log(), "diagnosticEvent", severity="warning", message=page)
    assert report.warnings(log) == [
        "the run before was cut while creating 07186-site; the next `numerian up` finds out what became of it"
    ]


def test_a_provider_that_was_killed_is_told_once_a_server_with_the_remedy() -> None:
    log = started(Log(), "update", new=side(conf("a")), old=side(conf("b")))
    feed(log, "diagnosticEvent", severity="error", urn=URN + "07186", message="error reading from server: EOF")
    ended = "Detected that /x/pulumi-resource-numerian exited prematurely.\n This is *always* a bug in the provider."
    feed(log, "diagnosticEvent", severity="error", urn="", message=ended)
    (found,) = faults.faults(log, "")
    assert (found.host, found.names) == ("privas", ("Files 07186",))
    assert "a provider ended in the middle" in found.text
    assert "bug" not in found.text
