"""The lab: real Debian servers on this machine, to try everything against. It runs on the standard library."""

import sys

# Before anything else is read: an older Python would stumble over the first newer word in it.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit("Python %s is too old: install Python 3.11 or newer and run it again." % sys.version.split()[0])  # noqa: UP031

from lab.errors import LabError
from lab.lab import Lab

__all__ = ["Lab", "LabError"]
