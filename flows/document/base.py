"""What every piece of a flow document is."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class FlowModel(BaseModel):
    """A piece of the document. Unknown keys are kept, and named by `Flow.warnings`."""

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True)
