"""Tests of the running services: a package, so that their deployment ends with the last of them."""
