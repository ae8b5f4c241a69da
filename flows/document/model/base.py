"""Base model of the flow document."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class FlowModel(BaseModel):
    """A part of the document. Unknown keys are kept and reported by `Flow.warnings`."""

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True)
