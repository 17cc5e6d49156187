"""Who is at fault when a validator refuses a generation that many resources changed."""

from __future__ import annotations

import re
from collections.abc import Callable

from provider.plan.files import RemoveFile, WriteFile
from provider.remote.job import Job

_MOST_TRIALS = 64


def named(jobs: list[Job], message: str) -> list[Job]:
    """Return the jobs one of whose files a validator's message names."""
    guilty = []
    for job in jobs:
        changes = (a for a in job.plan.actions if isinstance(a, WriteFile | RemoveFile))
        paths = [action.target.path for action in changes if action.target.service is not None]
        if any(re.search(rf"(?<![\w.-]){re.escape(path)}(?![\w-])", message) for path in paths):
            guilty.append(job)
    return guilty


class Sift:
    """Halving: a group that is accepted on top of those accepted before is good; one alone that isn't is at fault.

    `judge` returns a validator's words, or None when it accepts. A few dozen trials at most: what couldn't be judged
    by then fails with the first message.
    """

    def __init__(self, judge: Callable[[list[Job]], str | None]) -> None:
        self._judge = judge
        self._good: list[Job] = []
        self._bad: dict[int, str] = {}
        self._trials = 0

    def run(self, jobs: list[Job], message: str) -> dict[int, str]:
        """Return the messages of those at fault, by the job's `id`."""
        half = len(jobs) // 2
        self._sift(jobs[:half], message)
        self._sift(jobs[half:], message)
        # One that needs another of the batch is refused before that one is in: once more for all that were refused.
        again = [job for job in jobs if id(job) in self._bad]
        if self._good and len(again) > 1:
            self._bad = {}
            self._sift(again, message)
        return self._bad

    def _sift(self, jobs: list[Job], message: str) -> None:
        if not jobs:
            return
        verdict: str | None = message
        if self._trials < _MOST_TRIALS:
            self._trials += 1
            verdict = self._judge([*self._good, *jobs])
        if verdict is None:
            self._good += jobs
        elif len(jobs) == 1 or self._trials >= _MOST_TRIALS:
            self._bad.update({id(job): verdict for job in jobs})
        else:
            half = len(jobs) // 2
            self._sift(jobs[:half], verdict)
            self._sift(jobs[half:], verdict)
