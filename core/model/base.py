"""Base class of all values that are passed around or stored."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class FrozenModel(BaseModel):
    """Immutable record; unknown fields of an older or newer release are dropped."""

    model_config = ConfigDict(frozen=True, extra="ignore")
