"""The library: what a member is, how the inventory is read, what is rendered from it, and the `numerian` command."""

__version__ = "0.1.0"
