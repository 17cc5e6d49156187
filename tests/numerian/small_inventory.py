"""The texts of a small inventory without a fault, for tests to break."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Make = Callable[..., Path]
FILE = "members/07186-privas.yaml"
DATACENTERS = """\
format: 2
platform:
  security_contact: securite@numerian.test
  host_identity:
    name: Numérian
    address: 1 rue de l’Exemple
  acme:
    directory: https://acme.lab.test:14000/dir
  images:
    front: 2026-07-01
datacenters:
  privas:
    label: Privas
servers:
  privas:
    datacenter: privas
    address: 127.0.1.1
"""
PLANS = """\
plans:
  village:
    label: Village
"""
PRIVAS = """\
insee: 07186
datacenter: privas
plan: village
site:
  domain: privas.test
"""
