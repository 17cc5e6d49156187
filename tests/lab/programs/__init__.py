"""Tests of PHP and its images: a package, so that their deployment ends with the last of them."""
