"""Load test: conversations at a rate against a gateway whose provider is simulated, with its latencies.

Open loop: messages leave at their time, however slow the answers are, so that waiting is measured as waiting
(Gil Tene, "coordinated omission").
"""

from gateway.load.capacity import find_capacity
from gateway.load.generator import LoadGenerator
from gateway.load.installation import DisposableInstallation, running_installation, simulated_provider
from gateway.load.plan import LoadPlan
from gateway.load.provider import LoadSimulator
from gateway.load.result import LoadResult, MessageOutcome

__all__ = [
    "DisposableInstallation",
    "LoadGenerator",
    "LoadPlan",
    "LoadResult",
    "LoadSimulator",
    "MessageOutcome",
    "find_capacity",
    "running_installation",
    "simulated_provider",
]
