"""Judges from outside: tools that others wrote, run against the servers as they were deployed.

Each module runs one tool and turns what it prints for machines into a `Verdict`. What a verdict may hold and yet pass
is in `exclusions`, nowhere else.
"""
