"""The flows in use: their files, findings and versions, read again when a file changes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from core.errors import ConfigurationError
from flows.authoring.lint import LintFinding
from flows.document import Flow, read_stamp
from flows.library import find_flow_file
from gateway.diagnostics.flow_lint import lint_flow

DEFAULT_FLOW = "default"


class FlowFile(NamedTuple):
    """A flow in use as it is on the disk now. `flow` is `None` if it is invalid; `findings` say why."""

    name: str
    path: Path
    flow: Flow | None
    findings: tuple[LintFinding, ...]
    digest: str
    changed_ms: int

    @property
    def is_default(self) -> bool:
        """True if it is the flow of every channel that has none of its own."""
        return self.name == DEFAULT_FLOW


class FlowFiles:
    """The files of the flows in use, by the name in URLs: `default`, or the channel's with `~` for `/`."""

    def __init__(self, default: str | Path, by_channel: Mapping[str, str]) -> None:
        named: dict[str, str | Path] = {
            DEFAULT_FLOW: default,
            **{name.replace("/", "~"): path for name, path in by_channel.items()},
        }
        self._paths = {name: find_flow_file(path) for name, path in named.items()}
        self._loaded: dict[str, tuple[dict[Path, tuple[int, ...]], FlowFile]] = {}
        self._lock = asyncio.Lock()

    @property
    def names(self) -> tuple[str, ...]:
        """The names, the default flow first."""
        return tuple(self._paths)

    async def read(self, name: str) -> FlowFile | None:
        """Return a flow, loaded in a thread if a file has changed; `None` if there is none."""
        path = self._paths.get(name)
        if path is None:
            return None
        async with self._lock:
            known = self._loaded.get(name)
            if known is None or any(read_stamp(file) != stamp for file, stamp in known[0].items()):
                known = self._loaded[name] = await asyncio.to_thread(_load, name, path)
            return known[1]


def _load(name: str, path: Path) -> tuple[dict[Path, tuple[int, ...]], FlowFile]:
    stamps = {path: read_stamp(path)}
    flow: Flow | None = None
    try:
        flow = Flow.load(path)
        stamps |= {file: read_stamp(file) for file in flow.files}
    except ConfigurationError:
        pass  # the findings say what is wrong
    digest = sha256()
    for file in stamps:
        digest.update(_read_bytes(file))
    changed_ms = max((stamp[1] // 1_000_000 for stamp in stamps.values() if stamp), default=0)
    return stamps, FlowFile(name, path, flow, lint_flow(path), digest.hexdigest()[:12], changed_ms)


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
