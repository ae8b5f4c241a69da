"""The shape shared by every value that is passed around or stored."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class FrozenModel(BaseModel):
    """An immutable, strictly named record; unknown fields of an older or newer release are dropped."""

    model_config = ConfigDict(frozen=True, extra="ignore")
