"""Dialog routes for FastAPI, which documents them by itself. Requires the extra `turngate[fastapi]`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from core.sessions import SessionWorker
from flows.engine import DialogMachine
from gateway.embedding.starlette import DialogRouter, ResetRequest, TurnReply, TurnRequest


class FastAPIRouter(APIRouter):
    """The routes of `DialogRouter` for `app.include_router(FastAPIRouter(machine), prefix="/dialog")`."""

    def __init__(self, dialog: DialogMachine | SessionWorker[Any]) -> None:
        super().__init__(tags=["dialog"])
        self.dialog = DialogRouter(dialog)
        for path, serve, asked in (
            ("/turn", self.dialog.turn, TurnRequest),
            ("/stream", self.dialog.stream, TurnRequest),
            ("/reset", self.dialog.reset, ResetRequest),
        ):
            self.add_api_route(
                path,
                _with_plain_signature(serve),
                methods=["POST"],
                name=path[1:],
                response_model=TurnReply if path == "/turn" else None,
                openapi_extra={
                    "requestBody": {"content": {"application/json": {"schema": asked.model_json_schema()}}}
                },
            )


def _with_plain_signature(serve: Any) -> Any:
    async def route(request: Request) -> Response:
        answer: Response = await serve(request)
        return answer

    return route
