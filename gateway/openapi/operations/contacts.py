"""Operations on the stored data and the consent of a contact."""

from __future__ import annotations

from typing import Final

from gateway.openapi.operation import Operation, path_parameter
from gateway.webchat.schemas import requests, responses

_CONTACT: Final = (path_parameter("contact"),)

OPERATIONS: Final = (
    Operation(
        "post",
        "/contacts/{contact}/opt-out",
        "opt_out",
        "Opt a contact out of messages",
        responses={200: responses.OptOutAnswer},
        request=requests.OptOutRequest,
        parameters=_CONTACT,
    ),
    Operation(
        "delete",
        "/contacts/{contact}/opt-out",
        "opt_in",
        "End a contact's opt-out",
        responses={200: responses.OptOutAnswer},
        parameters=_CONTACT,
    ),
    Operation(
        "get",
        "/contacts/{contact}/export",
        "export_contact",
        "Export all stored data of a contact",
        responses={200: responses.ExportAnswer},
        parameters=_CONTACT,
    ),
    Operation(
        "delete",
        "/contacts/{contact}",
        "erase_contact",
        "Erase all stored data of a contact; repeat it after a 503, until it is 200 or 404",
        responses={200: responses.ErasureAnswer},
        parameters=_CONTACT,
    ),
)
