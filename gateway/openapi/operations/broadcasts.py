"""Operations of broadcasts."""

from __future__ import annotations

from typing import Final

from gateway.broadcasts.broadcast import Progress
from gateway.broadcasts.preview import Preview
from gateway.broadcasts.routes import BroadcastList
from gateway.openapi.operation import Link, Operation, TextBody, path_parameter, query_parameter

_NAME: Final = path_parameter("name")
_CSV: Final = ("text/csv",)
_DEFINITION: Final = (
    query_parameter("name", "ID of the broadcast", length=60, is_required=True),
    query_parameter("channel", length=40, is_required=True),
    query_parameter("account", "a further account of the channel", length=40),
    query_parameter("from", "the business's number, if there are several"),
    query_parameter("text", "text in CommonMark; {{ name }} is the value of that column", length=4_000),
    query_parameter("template", "an approved template", length=512),
    query_parameter("language", "language of the template", length=20),
    query_parameter("variables", "columns of the template's variables: 1=first name,2=code", length=4_000),
    query_parameter("category", "selects the quiet hours", type="string", enum=["marketing", "utility"]),
    query_parameter("rate", "messages per second at most", type="number", minimum=0, maximum=10_000),
    query_parameter("dry_run", "1: only check", type="string", enum=["1", "true", "0", "false"]),
)

OPERATIONS: Final = (
    Operation(
        "post",
        "/broadcasts",
        "start_broadcast",
        "Start a broadcast, or check it with dry_run=1",
        responses={200: Preview, 202: Progress},
        request=TextBody("recipients: a column `to`, and a column for each variable", _CSV),
        parameters=_DEFINITION,
        links=(Link("get_broadcast", {"name": "broadcast/name"}),),
    ),
    Operation(
        "get", "/broadcasts", "list_broadcasts", "List the newest broadcasts", responses={200: BroadcastList}
    ),
    Operation(
        "get",
        "/broadcasts/{name}",
        "get_broadcast",
        "Get the progress of a broadcast",
        responses={200: Progress},
        parameters=(_NAME,),
    ),
    Operation(
        "get",
        "/broadcasts/{name}/recipients",
        "export_broadcast",
        "Export the outcome of each recipient",
        responses={200: TextBody("the recipients with their outcomes", _CSV)},
        parameters=(_NAME,),
    ),
    Operation(
        "post",
        "/broadcasts/{name}/{act}",
        "change_broadcast",
        "Pause, resume or stop a broadcast",
        responses={200: Progress},
        parameters=(
            _NAME,
            {**path_parameter("act"), "schema": {"type": "string", "enum": ["pause", "resume", "stop"]}},
        ),
    ),
)
