"""x"""

from argparse import ArgumentParser, Namespace


def configure(parser: ArgumentParser) -> None:
    """x"""


def run(options: Namespace) -> int:
    """x"""
    return 0
