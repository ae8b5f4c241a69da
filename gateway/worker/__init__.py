"""RQ worker process: `rq worker --worker-class gateway.worker.AsyncWorker turns`."""

from __future__ import annotations

from gateway.worker.async_worker import AsyncWorker

__all__ = ["AsyncWorker"]
