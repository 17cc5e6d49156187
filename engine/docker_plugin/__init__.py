"""A Pulumi plugin named `docker` for machines that can't fetch the official one.

It serves the provider settings, `Network`, `Volume`, `RemoteImage` and `Container` of pulumi-docker over the Docker
SDK for Python: same type tokens, same property names, same replace-or-update decisions. A program that runs on it
runs on the official plugin too. What it doesn't serve is refused by name.

`server` speaks Pulumi's protocol; `properties` and `plan` check and compare, knowing no daemon; `connection` and
`dial` reach a daemon; one module for each kind of resource does the work.
"""

VERSION = "5.2.0"
"""The pulumi-docker release whose types and properties are served."""
