"""Liveness, readiness and metrics endpoints."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from pydantic import BaseModel
from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.access.operator_keys import Role
from gateway.redis.records.processes.delivery_reports import read_alarms
from gateway.redis.records.processes.load import read_load
from gateway.redis.server.readiness import Readiness
from gateway.server.error_responses import service_unavailable
from gateway.server.metrics.exposition import CONTENT_TYPE, render_metrics
from gateway.server.metrics.metric_sums import add_families
from gateway.server.metrics.process_metrics import ProcessMetrics
from gateway.server.metrics.redis_metrics import build_counters, build_gauges
from gateway.server.operator_auth import OperatorAuth


class Liveness(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class ReadinessAnswer(BaseModel):
    """A webhook would be stored; `partitions` has the numbers of those that cannot, with the reason."""

    status: Literal["ready"] = "ready"
    partitions: dict[str, str] | None = None


class HealthRoutes:
    """Endpoints for an orchestrator and a monitoring system."""

    def __init__(
        self,
        stores: Sequence[Redis],
        operator: OperatorAuth,
        readiness: Sequence[Readiness] = (),
        process: ProcessMetrics | None = None,
    ) -> None:
        """Create the endpoints; `stores` are the partitions, each of which may have its `readiness`."""
        self._stores = stores
        self._operator_auth = operator
        self._readiness = readiness or [Readiness(each) for each in stores]
        self._process = process or ProcessMetrics()

    def routes(self) -> list[Route]:
        """Return the routes `/healthz`, `/readyz` and `/metrics`."""
        return [
            Route("/healthz", self.healthz, methods=["GET"]),
            Route("/readyz", self.readyz, methods=["GET"]),
            Route("/metrics", self._operator_auth.require(self.metrics, Role.VIEWER), methods=["GET"]),
        ]

    async def healthz(self, request: Request) -> Response:
        """Liveness: this process answers."""
        return JSONResponse(Liveness().model_dump())

    async def readyz(self, request: Request) -> Response:
        """Readiness: a webhook would be stored; with `?workers=1` a worker is alive too.

        It is ready while one of several partitions is, since other web processes could do no better.
        """
        problems = await asyncio.gather(*(each.storage_problem() for each in self._readiness))
        if all(problems):
            return service_unavailable(problems[0])
        if request.query_params.get("workers") == "1":
            missing = await asyncio.gather(*(each.worker_problem() for each in self._readiness))
            if problem := next(filter(None, missing), ""):
                return service_unavailable(problem)
        failing = {str(number): problem for number, problem in enumerate(problems) if problem}
        return JSONResponse(ReadinessAnswer(partitions=failing or None).model_dump(exclude_none=True))

    async def metrics(self, request: Request) -> Response:
        """Metrics in Prometheus' text format: those in Redis, and this process's own.

        Without Redis there are only the latter, and `turngate_redis_up` is 0.
        """
        families = await self._read_shared()
        up = GaugeMetricFamily(
            "turngate_redis_up", "1 if this process can read from Redis.", value=int(bool(families))
        )
        text = render_metrics([up, *self._process.collect(), *families])
        return Response(text, headers={"Content-Type": CONTENT_TYPE})

    async def _read_shared(self) -> list[Metric]:
        """Return the families of the values in Redis; empty if a partition cannot be read."""
        try:
            return add_families(await asyncio.gather(*map(_read_families, self._stores)))
        except (RedisError, OSError):
            return []


async def _read_families(redis: Redis) -> list[Metric]:
    load = await read_load(redis)
    alarms = await read_alarms(redis)
    return [*build_counters(load.counters), *build_gauges(load, len(alarms))]
