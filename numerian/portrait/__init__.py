"""The portrait of the service: a static site in French that shows what the inventory says, and nothing else.

Plain files that open from a disk: no server, no resource from outside, no cookie.
"""
