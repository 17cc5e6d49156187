"""Running the Pulumi engine as a program of its own: where it works, with what environment, and what it says.

Nothing here imports pulumi: the engine is a subprocess that writes its events as JSON lines. That is also the
cheapest way to start it (the Automation API of the SDK costs 0.3 s of imports before it starts the same subprocess).
"""
