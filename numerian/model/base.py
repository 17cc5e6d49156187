"""What all models share: frozen, no unknown keys."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A frozen part of the inventory. Keys that it doesn't know are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False)
