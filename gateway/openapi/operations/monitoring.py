"""Operations for an orchestrator and a monitoring system."""

from __future__ import annotations

from typing import Final

from gateway.openapi.operation import Operation, TextBody, query_parameter
from gateway.server.health import Liveness, ReadinessAnswer

OPERATIONS: Final = (
    Operation(
        "get",
        "/healthz",
        "check_liveness",
        "Check that the process answers",
        responses={200: Liveness},
        needs_key=False,
    ),
    Operation(
        "get",
        "/readyz",
        "check_readiness",
        "Check that a webhook would be stored",
        responses={200: ReadinessAnswer},
        parameters=(query_parameter("workers", "1: and that a worker is alive", type="string"),),
        needs_key=False,
    ),
    Operation(
        "get",
        "/metrics",
        "get_metrics",
        "Get the metrics in Prometheus' text format",
        responses={200: TextBody("the metrics")},
    ),
    Operation(
        "get",
        "/openapi.json",
        "get_openapi",
        "Get this document",
        responses={200: TextBody("this document", ("application/json",))},
    ),
)
