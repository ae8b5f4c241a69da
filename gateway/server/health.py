"""Liveness, readiness and metrics endpoints."""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.access.operator_keys import Role
from gateway.redis import rq_layout
from gateway.redis.readiness import Readiness
from gateway.redis.records.delivery_reports import is_delivery_counter, parse_delivery_counts, read_alarms
from gateway.server.error_responses import service_unavailable
from gateway.server.operator_auth import OperatorAuth


class HealthRoutes:
    """Endpoints for an orchestrator and a monitoring system."""

    def __init__(self, redis: Redis, operator: OperatorAuth, readiness: Readiness | None = None) -> None:
        self._redis = redis
        self._operator_auth = operator
        self._readiness = readiness or Readiness(redis)

    def routes(self) -> list[Route]:
        """Return the routes `/healthz`, `/readyz` and `/metrics`."""
        return [
            Route("/healthz", self.healthz, methods=["GET"]),
            Route("/readyz", self.readyz, methods=["GET"]),
            Route("/metrics", self._operator_auth.require(self.metrics, Role.VIEWER), methods=["GET"]),
        ]

    async def healthz(self, request: Request) -> Response:
        """Liveness: this process answers."""
        return JSONResponse({"status": "ok"})

    async def readyz(self, request: Request) -> Response:
        """Readiness: a webhook would be stored; with `?workers=1` a worker is alive too."""
        problem = await self._readiness.storage_problem()
        if not problem and request.query_params.get("workers") == "1":
            problem = await self._readiness.worker_problem()
        return service_unavailable(problem) if problem else JSONResponse({"status": "ready"})

    async def metrics(self, request: Request) -> Response:
        """Counters and queue lengths in Prometheus' text format."""
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.hgetall("tg:counts")
                pipeline.llen(rq_layout.queue_key())
                pipeline.zcard("tg:due")
                pipeline.zcard("tg:paused")
                answers: list[Any] = await pipeline.execute()
            alarms = await read_alarms(self._redis)
        except (RedisError, OSError):
            return service_unavailable("Redis cannot be reached")
        counts, queued, due, paused = answers
        lines = ["# TYPE turngate_events_total counter"]
        lines += [
            f'turngate_events_total{{event="{name.decode()}"}} {int(value)}'
            for name, value in sorted(counts.items())
            if not is_delivery_counter(name)
        ]
        lines += ["# TYPE turngate_deliveries_total counter"]
        lines += [
            f'turngate_deliveries_total{{channel="{count.channel}",status="{count.status}",'
            f'failure="{count.failure}"}} {count.messages}'
            for count in parse_delivery_counts(counts)
        ]
        lines += ["# TYPE turngate_queued_drains gauge", f"turngate_queued_drains {queued}"]
        lines += ["# TYPE turngate_due_sessions gauge", f"turngate_due_sessions {due}"]
        lines += ["# TYPE turngate_paused_accounts gauge", f"turngate_paused_accounts {paused}"]
        lines += ["# TYPE turngate_account_alarms gauge", f"turngate_account_alarms {len(alarms)}"]
        return PlainTextResponse("\n".join(lines) + "\n")
