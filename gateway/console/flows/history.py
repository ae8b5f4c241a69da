"""Flows in use and their previous versions, so that an old path is drawn in the version that it used."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Final

from core.errors import ConfigurationError
from flows.document import Flow
from gateway.console.flows.files import FlowFile, FlowFiles
from gateway.redis.connection.outages.retry_loop import run_forever
from gateway.redis.records.operators.flow_versions import FlowVersion, FlowVersions

_LOOK_SECONDS: Final = 10.0


class FlowHistory:
    """Records each version of the flows that this process reads, and finds the one of a time."""

    def __init__(self, files: FlowFiles, versions: FlowVersions) -> None:
        self.files = files
        self._versions = versions
        self._recorded: dict[str, str] = {}

    async def keep_recording(self) -> None:
        """Record the versions until cancelled, including those that no page shows."""
        await run_forever(self.record, _LOOK_SECONDS, "recording the versions of the flows")

    async def record(self) -> None:
        """Record the flows whose files have changed since this process recorded them."""
        for name in self.files.names:
            file = await self.files.read(name)
            if file is None or self._recorded.get(name) == file.digest:
                continue
            await self._versions.record(name, file.digest, await asyncio.to_thread(_to_json, file))
            self._recorded[name] = file.digest

    async def read(self, name: str) -> Sequence[FlowVersion]:
        """Return the versions of a flow, newest first."""
        await self.record()
        return await self._versions.read(name)

    async def find_version(self, name: str, at_ms: int) -> FlowVersion | None:
        """Return the version that was in use at a time; `None` if that was before the first one known."""
        return next((each for each in await self.read(name) if each.since_ms <= at_ms), None)

    async def load(self, name: str, digest: str) -> Flow | None:
        """Return the flow of a version; `None` if its document is not kept or this release refuses it."""
        file = await self.files.read(name)
        if file is not None and file.digest == digest:
            return file.flow
        document = await self._versions.read_document(name, digest)
        if not document:
            return None
        try:
            return await asyncio.to_thread(Flow.from_json, document)
        except ConfigurationError:
            return None


def _to_json(file: FlowFile) -> str:
    """Return the document of a flow with all files that it names; empty if it is invalid."""
    if file.flow is None:
        return ""
    return json.dumps(
        file.flow.model_dump(mode="json", exclude_unset=True, by_alias=True), ensure_ascii=False
    )
