"""What all models share: frozen, no unknown keys, and a key without a value says nothing."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, model_validator


class Model(BaseModel):
    """A frozen part of the inventory. Keys that it doesn't know are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _leave_out_empty(cls, data: object) -> object:
        """`phone:` with nothing after it says the same as no line at all."""
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None or key not in cls.model_fields}
