"""Python's garbage collector in a process that has thousands of turns under way.

What a turn makes is freed by counting references; the collector only looks for cycles, of which there are
few. Its usual thresholds (a look after every 700 new objects, and now and then one through everything that
lives) suit small programs: with 1,000 drains at once a sixth of a worker's time went there, and a pass
through everything stopped all of them.
"""

from __future__ import annotations

import gc

_GENERATION_0_THRESHOLD, _GENERATION_1_THRESHOLD, _GENERATION_2_THRESHOLD = 20_000, 20, 50


def tune_gc() -> None:
    """To be called once, when the process has loaded what it needs: that is left alone from then on.

    Workers and the web process do it by themselves; an application that embeds the dialog may.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GENERATION_0_THRESHOLD, _GENERATION_1_THRESHOLD, _GENERATION_2_THRESHOLD)


collect_rarely = tune_gc
"""The public name of `tune_gc`: applications import it from `gateway`."""
