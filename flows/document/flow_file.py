"""A flow file that is reloaded when it changes."""

from __future__ import annotations

from pathlib import Path

from flows.document.flow import Flow


class WatchedFlowFile:
    """Loads a flow, and reloads it after its file has changed."""

    def __init__(self, path: str | Path) -> None:
        """Load the flow. Raises `FlowError`."""
        self.path = Path(path)
        self._stamp = self._read_stamp()
        self.flow = Flow.load(self.path)

    def has_changed(self) -> bool:
        """Return whether the file changed since the last check; each change is reported once."""
        stamp, before = self._read_stamp(), self._stamp
        self._stamp = stamp or before
        return bool(stamp) and stamp != before

    def reload(self) -> Flow:
        """Load the file's current flow. Raises `FlowError` and keeps the previous flow then."""
        self.flow = Flow.load(self.path)
        return self.flow

    def _read_stamp(self) -> tuple[int, ...]:
        try:
            status = self.path.stat()
        except OSError:  # an editor is replacing it
            return ()
        return status.st_ino, status.st_mtime_ns, status.st_size
