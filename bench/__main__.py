"""Run the benchmarks: all of them, which writes docs/performance.md, or those named on the command line."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.engine import engine_comparison
from bench.measuring.stderr_capture import captured_stderr
from bench.web import acknowledgement, console_pages, primaries, replication, streaming, turn_endpoint
from bench.workers import capacity, idle_sessions, in_flight, latency, throughput, tracing, worker_recovery

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"

SECTIONS: Mapping[str, Callable[[], str]] = {
    "acknowledgement": acknowledgement.render_section,
    "replication": replication.render_section,
    "latency": latency.render_section,
    "workers": lambda: throughput.render_section(PAGE.with_suffix(".svg")),
    "in_flight": in_flight.render_section,
    "idle_sessions": idle_sessions.render_section,
    "capacity": capacity.render_section,
    "console_pages": console_pages.render_section,
    "worker_recovery": worker_recovery.render_section,
    "tracing": tracing.render_section,
    "engine": engine_comparison.render_section,
    "turn_endpoint": turn_endpoint.render_section,
    "streaming": streaming.render_section,
    "primaries": primaries.render_section,
}


def main(names: list[str]) -> None:
    """Run the named sections (default: all) and print each when it is measured.

    A missed goal or an unanswered turn is an error; standard error is shown only then.
    """
    unknown = sorted(set(names) - set(SECTIONS))
    if unknown:
        raise SystemExit(f"Unknown benchmark: {', '.join(unknown)}. Known: {', '.join(SECTIONS)}.")
    page = _render_head()
    for name in names or SECTIONS:
        with captured_stderr():
            section = SECTIONS[name]()
        print(section, flush=True)
        page += section
    if not names:
        PAGE.write_text(page, encoding="utf-8")


def _render_head() -> str:
    machine = f"{os.cpu_count()} cores, {platform.system()}, CPython {platform.python_version()}"
    return f"""\
# Performance

Written by `make bench` on {machine}. Compare ratios, not absolute figures: they depend on the machine. Every
benchmark checks that what it timed was answered.

[storm.md](storm.md) has the results and the waiting times of a chaos test.
"""


if __name__ == "__main__":
    main(sys.argv[1:])
