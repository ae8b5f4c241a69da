"""Client of the list of message templates (Meta, "Template management")."""

from __future__ import annotations

from typing import Final

import httpx

from channels._kit.inbound import get_object, get_object_list, get_text
from channels._kit.outbound import BearerAuth, get, parse_json_body, without_effect
from channels.whatsapp.api import build_delivery_error
from channels.whatsapp.capabilities import NAME
from channels.whatsapp.templates import parse_definition
from core.errors import Unavailable, Unknown
from core.model import MessageTemplate

_FIELDS: Final = "id,name,language,status,category,quality_score,rejected_reason,components,parameter_format"
_PAGE_SIZE: Final = 100
_MAX_PAGES: Final = 100


class TemplateClient:
    """Reads the templates of one WhatsApp Business account."""

    def __init__(self, *, token: str, base: str, business_account: str) -> None:
        self._auth = BearerAuth(token)
        self._url = f"{base}/{business_account}/message_templates"
        self.business_account = business_account

    async def list_all(self, http: httpx.AsyncClient) -> list[MessageTemplate]:
        """Return all templates, page after page. Raises a `DeliveryError`."""
        found: dict[tuple[str, str], MessageTemplate] = {}
        cursor, seen = "", set[str]()
        for _ in range(_MAX_PAGES):
            params = {"fields": _FIELDS, "limit": str(_PAGE_SIZE), **({"after": cursor} if cursor else {})}
            response = await get(http, NAME, self._url, params=params, auth=self._auth)
            page = parse_json_body(response)
            if not response.is_success:
                error = build_delivery_error(response)
                raise without_effect(error) if isinstance(error, Unknown) else error
            if not isinstance(page.get("data"), list):
                raise Unavailable("whatsapp: malformed list of templates")
            for entry in get_object_list(page, "data"):
                if template := parse_definition(entry):
                    found[template.name, template.language] = template
            cursor = get_text(get_object(page, "paging", "cursors"), "after", 2_000)
            has_more = bool(get_text(get_object(page, "paging"), "next", 10))
            if not has_more or not cursor or cursor in seen:
                break
            seen.add(cursor)
        else:
            raise Unavailable(f"whatsapp: more than {_MAX_PAGES} pages of templates")
        return list(found.values())
