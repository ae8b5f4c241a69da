"""A flow file that is reloaded when it changes."""

from __future__ import annotations

from pathlib import Path

from flows.document.flow import Flow


class WatchedFlowFile:
    """Loads a flow, and reloads it after its file, or one that it names, has changed."""

    def __init__(self, path: str | Path) -> None:
        """Load the flow. Raises `FlowError`."""
        self.path = Path(path)
        stamp = read_stamp(self.path)
        self.flow = Flow.load(self.path)
        self._stamps = {self.path: stamp, **{file: read_stamp(file) for file in self.flow.files}}

    def has_changed(self) -> bool:
        """Return whether a file changed since the last check; each change is reported once."""
        now = {file: read_stamp(file) for file in (self.path, *self.flow.files)}
        changed = any(stamp and stamp != self._stamps.get(file, stamp) for file, stamp in now.items())
        self._stamps |= {file: stamp for file, stamp in now.items() if stamp}
        return changed

    @property
    def changed_ms(self) -> int:
        """Time of the last change to its files, as they were at the last check, in milliseconds."""
        return max((stamp[1] // 1_000_000 for stamp in self._stamps.values() if stamp), default=0)

    def reload(self) -> Flow:
        """Load the file's current flow. Raises `FlowError` and keeps the previous flow then."""
        self.flow = Flow.load(self.path)
        return self.flow


def read_stamp(path: Path) -> tuple[int, ...]:
    """Return what changes with a file; nothing while there is none."""
    try:
        status = path.stat()
    except OSError:  # an editor is replacing it
        return ()
    return status.st_ino, status.st_mtime_ns, status.st_size
