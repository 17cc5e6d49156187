"""`docker:index/volume:Volume`. Its id is its name. Every change replaces it, and its data with it."""

from __future__ import annotations

from typing import Any

from engine.docker_plugin.errors import ConflictError, GoneError
from engine.docker_plugin.kind import Found, Kind, Props, Work, declared, label_blocks, labels, remove_patiently
from engine.docker_plugin.plan import merged
from engine.docker_plugin.schema import VOLUME, VOLUME_TYPE


class Volume(Kind):
    """A volume of the daemon."""

    type = VOLUME_TYPE
    fields = VOLUME

    def create(self, work: Work, inputs: Props) -> Found:
        """Make the volume. As with the official provider, one of the same name and driver is taken as it is."""
        name = inputs.get("name")
        with work.daemon.doing(f"creating volume {name or ''}".rstrip()) as client:
            made = client.create_volume(
                name=name,
                driver=inputs.get("driver"),
                driver_opts=inputs.get("driverOpts"),
                labels=labels(inputs.get("labels")) or None,
            )
        found = self._found(work, made["Name"], declared(inputs))
        if _different(inputs, found.outputs):
            raise ConflictError(
                f"creating volume {name}",
                f"a volume {name} is there already with another driver, options or labels; "
                f"import it (`pulumi import {VOLUME_TYPE} NAME {name}`) or remove it",
            )
        return found

    def read(self, work: Work, id: str, state: Props | None) -> Found | None:
        """Read the volume."""
        try:
            return self._found(work, id, state)
        except GoneError:
            return None

    def update(self, work: Work, id: str, state: Props, inputs: Props) -> Found:
        """Nothing of a volume can be changed: only the state's note of it."""
        return self._found(work, id, declared(inputs))

    def delete(self, work: Work, id: str, state: Props) -> None:
        """Remove the volume, waiting for containers that are leaving it."""

        def remove() -> None:
            with work.daemon.doing(f"removing volume {id}") as client:
                client.remove_volume(id, force=True)

        remove_patiently(work, remove, "volume is in use")

    def _found(self, work: Work, id: str, known: Props | None) -> Found:
        with work.daemon.doing(f"reading volume {id}") as client:
            seen = client.inspect_volume(id)
        return Found(seen["Name"], merge(known, seen))


def merge(known: Props | None, seen: dict[str, Any]) -> dict[str, Any]:
    """Return the outputs: what the daemon shows, in the program's form where both say the same."""
    own_labels = {k: v for k, v in (seen.get("Labels") or {}).items() if not k.startswith("com.docker.volume.")}
    shown: dict[str, Any] = {
        "name": seen["Name"],
        "driver": seen.get("Driver", ""),
        "driverOpts": seen.get("Options") or {},
        "labels": label_blocks(own_labels),
        "mountpoint": seen.get("Mountpoint", ""),
    }
    return merged(VOLUME, known, shown)


def _different(inputs: Props, outputs: Props) -> bool:
    return any(name in inputs and outputs.get(name) != inputs[name] for name in ("driver", "driverOpts", "labels"))
