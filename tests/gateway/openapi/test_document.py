"""The HTTP API against its OpenAPI document: every documented request gets a documented answer.

Not every well-formed request is accepted: a message may be empty, a session may belong to another client.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from gateway.openapi import build_document
from tests.effort import example_count
from tests.gateway.environments.stack import KEY, running_stack
from tests.gateway.server.test_route_guards import GUARDS
from tests.gateway.webchat.api.test_routes import running_web

_NOT_IN_THE_API = ("/console", "/webhooks/", "/files/", "/widget.js")


def list_operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in build_document()["paths"].items():
        for method, operation in operations.items():
            yield method.upper(), path, operation


def test_every_route_of_the_api_is_an_operation() -> None:
    routes = {(method, path) for method, path in GUARDS if not path.startswith(_NOT_IN_THE_API)}
    assert {(method, path) for method, path, _ in list_operations()} == routes


def test_every_operation_has_an_id_of_its_own_and_its_links_name_others_with_their_parameters() -> None:
    operations = {each["operationId"]: each for _, _, each in list_operations()}
    assert len(operations) == len(list(list_operations()))
    for operation in operations.values():
        for response in operation["responses"].values():
            for link in response.get("links", {}).values():
                names = {each["name"] for each in operations[link["operationId"]]["parameters"]}
                assert set(link["parameters"]) <= names


def test_every_schema_that_is_named_is_there() -> None:
    document = build_document()
    names = {part.split('"')[0] for part in json.dumps(document).split("#/components/schemas/")[1:]}
    assert names == set(document["components"]["schemas"])


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
