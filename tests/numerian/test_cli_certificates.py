"""A member's certificate, from the lines that its server keeps."""

from __future__ import annotations

import pytest

from numerian.command.certificates import Standing

NAMES = ("privas.test", "www.privas.test")
ISSUED = "issued until 2026-12-01T10:00:00Z: privas.test www.privas.test"


def standing(*lines: str) -> Standing:
    found = Standing()
    for line in lines:
        found.add(line)
    return found


@pytest.mark.parametrize(
    ("lines", "settled", "told"),
    [
        ([ISSUED], True, ["issued until 2026-12-01"]),
        ([], False, ["waiting: not asked for yet"]),
        (["waiting: the front doesn't answer for privas.test on port 80"], False, None),
        (
            [
                "issued until 2026-12-01T10:00:00Z: privas.test",
                "waiting: www.privas.test doesn't point here (resolves to 198.51.100.99)",
            ],
            True,
            [
                "issued until 2026-12-01 without www.privas.test",
                "waiting: www.privas.test doesn't point here (resolves to 198.51.100.99)",
            ],
        ),
        (["refused: www.privas.test: caa: CAA forbids it"], True, ["refused: www.privas.test: caa: CAA forbids it"]),
        (
            ["issued until 2026-12-01T10:00:00Z: privas.test"],
            False,
            ["issued until 2026-12-01 without www.privas.test"],
        ),
    ],
)
def test_how_it_stands(lines: list[str], settled: bool, told: list[str] | None) -> None:
    found = standing(*lines)
    assert found.is_settled(NAMES) is settled
    assert found.lines(NAMES) == (told if told is not None else lines)
