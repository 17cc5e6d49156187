"""What the forges' jobs run: `python -m ci VERB` (docs/ci.md). One design for GitHub and GitLab.

A request's code is never run, and its files are never checked out: the target branch's code reviews the request's
inventory, read as data from git's objects, against a published copy of the state that holds no secret.
"""
