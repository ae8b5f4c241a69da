"""A flow's file that may be rewritten while it is in use."""

from __future__ import annotations

from pathlib import Path

from flows.document.flow import Flow


class WatchedFlowFile:
    """Reads the flow, and reads it again when the file has changed."""

    def __init__(self, path: str | Path) -> None:
        """Read it for the first time. Raises `FlowError`."""
        self.path = Path(path)
        self._stamp = self._read_stamp()
        self.flow = Flow.load(self.path)

    def has_changed(self) -> bool:
        """Whether the file is another than at the last look; each change is told once."""
        stamp, before = self._read_stamp(), self._stamp
        self._stamp = stamp or before
        return bool(stamp) and stamp != before

    def reload(self) -> Flow:
        """The flow as the file has it now. Raises `FlowError`; the flow before stays as it was."""
        self.flow = Flow.load(self.path)
        return self.flow

    def _read_stamp(self) -> tuple[int, ...]:
        try:
            found = self.path.stat()
        except OSError:  # an editor replaces it just now
            return ()
        return found.st_ino, found.st_mtime_ns, found.st_size
