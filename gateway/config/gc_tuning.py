"""Garbage collector tuning for processes with thousands of turns in progress.

Most objects of a turn are freed by reference counting; the collector only finds cycles, of which there are
few. Its default thresholds (a pass after every 700 new objects, and occasional full passes) suit small
programs: with 1,000 concurrent sessions a sixth of a worker's time went there, and a full pass paused all of
them.
"""

from __future__ import annotations

import gc

_GENERATION_0_THRESHOLD, _GENERATION_1_THRESHOLD, _GENERATION_2_THRESHOLD = 20_000, 20, 50


def tune_gc() -> None:
    """Freeze what is loaded and raise the thresholds; to be called once, after start-up.

    Workers and the web process call it themselves; an application that embeds the dialog may.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GENERATION_0_THRESHOLD, _GENERATION_1_THRESHOLD, _GENERATION_2_THRESHOLD)


collect_rarely = tune_gc
"""The public name of `tune_gc`: applications import it from `gateway`."""
