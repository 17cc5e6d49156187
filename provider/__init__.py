"""The native Pulumi provider `numerian`: files, services and secrets on hosts reached over SSH.

It speaks of hosts, files and packages and has never heard of a commune.
"""
