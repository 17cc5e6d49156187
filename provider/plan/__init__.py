"""What there is, what should be, and what to do about it: pure functions, no host is ever asked here.

`facts` says what was found on a host (or is assumed from the state), `files`, `service` and `host` each hold one
`plan(...)` that `diff`, preview and update share.
"""
