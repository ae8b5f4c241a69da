"""Limits processes to a share of a core, so that they are the bottleneck: Linux control groups, version 1."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup/cpu")
_PERIOD_US = 10_000


def is_available() -> bool:
    """Return whether this process may create control groups that limit CPU time."""
    return os.access(_ROOT / "cpu.cfs_quota_us", os.R_OK) and os.access(_ROOT, os.W_OK)


@contextmanager
def limited_cpu(process_id: int, share: float) -> Iterator[None]:
    """Give a process a `share` (0 to 1) of a core while the block runs."""
    group = _ROOT / f"turngate-bench-{process_id}"
    group.mkdir()
    try:
        (group / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
        (group / "cpu.cfs_quota_us").write_text(str(round(_PERIOD_US * share)))
        (group / "cgroup.procs").write_text(str(process_id))
        yield
    finally:
        with suppress(ProcessLookupError):  # it has ended
            (_ROOT / "cgroup.procs").write_text(str(process_id))
        group.rmdir()
