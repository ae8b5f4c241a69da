"""What Intercom's Developer Hub needs for the bot, and the ids to set here; its webhooks have no API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import httpx

from channels._kit.inbound.json import Object, child, children, name_of, word
from channels._kit.outbound.http import answered, get
from channels._kit.settings import address, secrets
from channels._kit.text import clean
from channels.intercom import SETTINGS
from channels.intercom.api import Token, refusal
from channels.intercom.capabilities import DESK_TOPICS, NAME, USER_TOPICS
from core.errors import Misconfigured

_OPTIONAL = ("translated", "open.assigned", "snoozed")
TOPICS = sorted(
    [
        "conversation.admin.single.created",
        "conversation.deleted",
        *(topic for topic in (*USER_TOPICS, *DESK_TOPICS) if not topic.endswith(_OPTIONAL)),
    ]
)
"""The topics to subscribe to."""


async def set_up(
    environ: Mapping[str, str], public_url: str, http: httpx.AsyncClient, *, by_triggers: bool
) -> AsyncIterator[str]:
    """Ask with the token who and what there is; a line for each thing to be set, here or there.

    Raises `Misconfigured` or a `DeliveryError`, which say what to do.
    """
    if by_triggers:
        raise Misconfigured("Intercom has no triggers; leave --by-triggers out")
    given = {each.name: environ.get(each.name, "").strip() or each.default for each in SETTINGS}
    url = address("INTERCOM_API_URL", given["INTERCOM_API_URL"])
    if not given["INTERCOM_ACCESS_TOKEN"]:
        raise Misconfigured(
            "INTERCOM_ACCESS_TOKEN is not set; the Developer Hub shows it under Authentication"
        )
    token = Token(secrets("INTERCOM_ACCESS_TOKEN", given["INTERCOM_ACCESS_TOKEN"])[0])
    base = address("PUBLIC_URL", public_url)

    me = await _ask(http, f"{url}/me", token)
    app = child(me, "app")
    region = word(app, "region", 20) or "region unknown"
    yield f"The token is of workspace {name_of(app, 'id_code')} ({region})"
    admins = children(await _ask(http, f"{url}/admins", token), "admins")
    for line in _choices("INTERCOM_ADMIN_ID", given, admins, "a teammate used by nobody else"):
        yield line
    teams = children(await _ask(http, f"{url}/teams", token), "teams")
    for line in _choices("INTERCOM_HANDOFF_TEAM_ID", given, teams, "or leave it out"):
        yield line
    yield "In the Developer Hub, enter by hand:"
    yield f"  Webhooks: {base}/webhooks/{NAME}, API version 2.13 or later, topics {', '.join(TOPICS)}"
    yield f"  Canvas Kit, for a card: {base}/webhooks/{NAME}/canvas to initialize and to submit"
    if not given["INTERCOM_CLIENT_SECRET"]:
        yield "INTERCOM_CLIENT_SECRET is not set; the Developer Hub shows it under Basic information"


def _choices(setting: str, given: Mapping[str, str], found: list[Object], advice: str) -> list[str]:
    """The set one by its name, or all there are."""
    named = {name_of(each, "id"): clean(word(each, "name"), 100) for each in found}
    if given[setting] in named:
        return [f"{setting}={given[setting]} is {named[given[setting]]}"]
    wrong = [f"{setting}={given[setting]} is none of this workspace's"] if given[setting] else []
    return [*wrong, *(f"{setting}={number}  {name}: {advice}" for number, name in named.items())]


async def _ask(http: httpx.AsyncClient, url: str, token: Token) -> Object:
    answer = await get(http, NAME, url, params=None, auth=token)
    if not answer.is_success:
        raise refusal(answer)
    return answered(answer)
