"""A named collection of flows, to switch between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core.errors import ConfigurationError
from flows.document.flow import Flow


class FlowSet(Mapping[str, Flow]):
    """Flows by name; a conversation starts in the first. Raises `ConfigurationError` when there is none."""

    def __init__(self, flows: Mapping[str, Flow]) -> None:
        if not flows:
            raise ConfigurationError("a FlowSet needs at least one flow")
        self._flows = dict(flows)

    def __getitem__(self, name: str) -> Flow:
        return self._flows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._flows)

    def __len__(self) -> int:
        return len(self._flows)

    @property
    def initial_name(self) -> str:
        """The name of the flow that a conversation starts in."""
        return next(iter(self._flows))
