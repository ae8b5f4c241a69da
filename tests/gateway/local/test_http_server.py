"""HTTP server: an application that fails to start ends neither the event loop nor the program."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.applications import Starlette

from gateway.local.http_server import serve


@asynccontextmanager
async def fail_start(app: Starlette) -> AsyncIterator[None]:
    raise ValueError("no credentials")
    yield


async def test_an_application_that_does_not_start_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="did not start"):
        async with serve(Starlette(lifespan=fail_start)):
            pytest.fail("it was said to serve")
