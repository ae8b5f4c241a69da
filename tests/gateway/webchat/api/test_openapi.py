"""The HTTP API against its OpenAPI document: every documented request gets a documented answer.

Not every well-formed request is accepted: a message may be empty, a session may belong to another client.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.effort import example_count
from tests.gateway.environments.stack import KEY, running_stack
from tests.gateway.webchat.api.test_routes import running_web


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with running_stack() as stack, running_web(stack) as client:
        yield client


@pytest.mark.long
async def test_every_answer_matches_the_document(http: httpx.AsyncClient) -> None:
    await asyncio.to_thread(call_every_operation, str(http.base_url))


def call_every_operation(url: str) -> None:
    import schemathesis  # here: it takes seconds, and `make test` leaves this test out
    from schemathesis.specs.openapi.checks import positive_data_acceptance

    schema = schemathesis.openapi.from_url(f"{url.rstrip('/')}/openapi.json", headers=KEY)
    for result in schema.get_all_operations():
        operation: Any = result.ok()  # type: ignore[union-attr] # a document that is wrong raises here

        @settings(
            max_examples=example_count(15),
            database=None,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            answer = case.call(headers=KEY, timeout=40)
            case.validate_response(answer, excluded_checks=[positive_data_acceptance])

        ask()
