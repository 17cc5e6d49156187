"""`docker:index/network:Network`. Its id is the daemon's. Every change replaces it."""

from __future__ import annotations

from typing import Any

from engine.docker_plugin.errors import GoneError
from engine.docker_plugin.kind import Found, Kind, Props, Work, declared, filled, label_blocks, labels, remove_patiently
from engine.docker_plugin.plan import merged
from engine.docker_plugin.schema import NETWORK, NETWORK_TYPE


class Network(Kind):
    """A network of the daemon."""

    type = NETWORK_TYPE
    fields = NETWORK

    def create(self, work: Work, inputs: Props) -> Found:
        """Make the network; another one of the same name is a conflict."""
        name = inputs["name"]
        with work.daemon.doing(f"creating network {name}") as client:
            made = client.create_network(
                name,
                driver=inputs.get("driver"),
                options=inputs.get("options"),
                ipam=_ipam(inputs),
                check_duplicate=True,
                internal=inputs.get("internal", False),
                labels=labels(inputs.get("labels")) or None,
                enable_ipv6=inputs.get("ipv6", False),
                attachable=inputs.get("attachable"),
                ingress=inputs.get("ingress"),
            )
        return self._found(work, made["Id"], declared(inputs))

    def read(self, work: Work, id: str, state: Props | None) -> Found | None:
        """Read the network; an import may name it by its name."""
        try:
            return self._found(work, id, state)
        except GoneError:
            return None

    def update(self, work: Work, id: str, state: Props, inputs: Props) -> Found:
        """Nothing of a network can be changed: only the state's note of it."""
        return self._found(work, id, declared(inputs))

    def delete(self, work: Work, id: str, state: Props) -> None:
        """Remove the network, waiting for containers that are leaving it."""

        def remove() -> None:
            with work.daemon.doing(f"removing network {state.get('name', id)}") as client:
                client.remove_network(id)

        remove_patiently(work, remove, "has active endpoints")

    def _found(self, work: Work, id: str, known: Props | None) -> Found:
        with work.daemon.doing(f"reading network {id}") as client:
            seen = client.inspect_network(id)
        return Found(seen["Id"], merge(known, seen))


def merge(known: Props | None, seen: dict[str, Any]) -> dict[str, Any]:
    """Return the outputs: what the daemon shows, in the program's form where both say the same."""
    ipam = seen.get("IPAM") or {}
    shown: dict[str, Any] = {
        "name": seen["Name"],
        "driver": seen.get("Driver", ""),
        "options": seen.get("Options") or {},
        "internal": seen.get("Internal", False),
        "attachable": seen.get("Attachable", False),
        "ingress": seen.get("Ingress", False),
        "ipv6": seen.get("EnableIPv6", False),
        "ipamDriver": ipam.get("Driver") or "default",
        "ipamOptions": ipam.get("Options") or {},
        "ipamConfigs": [_pool_block(pool) for pool in ipam.get("Config") or []],
        "labels": label_blocks(seen.get("Labels")),
        "scope": seen.get("Scope", ""),
    }
    return merged(NETWORK, known, shown)


_POOL = {"Subnet": "subnet", "IPRange": "ipRange", "Gateway": "gateway", "AuxiliaryAddresses": "auxAddress"}
"""The API's names and ours."""


def _pool_block(pool: dict[str, Any]) -> dict[str, Any]:
    return {ours: pool[theirs] for theirs, ours in _POOL.items() if pool.get(theirs)}


def _ipam(inputs: Props) -> dict[str, Any]:
    pools = [
        {theirs: block[ours] for theirs, ours in _POOL.items() if block.get(ours)}
        for block in inputs.get("ipamConfigs") or []
    ]
    config = {"Driver": inputs.get("ipamDriver", "default"), "Config": pools, "Options": inputs.get("ipamOptions")}
    return filled(config)
