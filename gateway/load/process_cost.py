"""CPU time of another process."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_USER, _SYSTEM = 11, 12
"""Positions of utime and stime behind the command's name (proc_pid_stat(5))."""


def read_cpu_seconds(pid: int | None) -> float:
    """Return the CPU seconds that a process has used; 0 where the system has no /proc, or without it."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[_USER]) + int(fields[_SYSTEM])) / _TICKS
