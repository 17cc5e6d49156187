"""Running the Pulumi engine as a program of its own: where it works, with what environment, and what it says.

Nothing here imports pulumi: the engine is a subprocess that writes its events as JSON lines. That is also the
cheapest way to start it (the Automation API of the SDK costs 0.3 s of imports before it starts the same subprocess).
"""

PARALLEL = 512
"""How many resources the engine works on at once. With its default of 4 a core, 438 creates make 129 batches on a host;
with this, 3."""
