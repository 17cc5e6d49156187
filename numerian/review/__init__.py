"""A change as people read it: which commune will notice what, what is dangerous in it, and which lines change.

`build` makes a `Review` of an engine's preview; `text`, `markdown`, `page` and `machine` are its four forms.
"""
