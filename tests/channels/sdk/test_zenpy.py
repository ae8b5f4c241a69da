"""zenpy, the most used Python library for Zendesk Support, against the simulator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import pytest
import requests
from zenpy import Zenpy
from zenpy.lib.api_objects import Comment, Ticket, User
from zenpy.lib.exception import APIException, RecordNotFoundException

from channels._kit.simulator import UserMessage
from channels.zendesk.simulator.server import ZendeskSimulator
from channels.zendesk.simulator.tickets import BOT_ID, HAND_OFF_GROUP_ID
from tests.channels.sdk.hosted import HostedSimulator, host

ADA = "ada@example.com"


class Account:
    """The simulated account with one ticket, and a client."""

    def __init__(self, hosted: HostedSimulator, client: Zenpy, simulator: ZendeskSimulator) -> None:
        self.hosted = hosted
        self.client = client
        found = simulator.tickets.find_open_ticket(ADA)
        assert found is not None
        self.number = found.id

    async def update(self, **fields: Any) -> Any:
        return await self.hosted.call(lambda: self.client.tickets.update(Ticket(id=self.number, **fields)))


@pytest.fixture
async def account(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Account]:
    simulator = ZendeskSimulator(
        secret="c2VjcmV0", api_token="token", webhook_url="https://bots.example.com/webhooks/zendesk", seed=7
    )
    async with host(simulator) as hosted:
        await hosted.say(UserMessage("zendesk", ADA, "Where is my parcel?"))
        monkeypatch.setenv("ZENPY_FORCE_SCHEME", "http")
        monkeypatch.setenv("ZENPY_FORCE_NETLOC", hosted.url.removeprefix("http://"))
        with requests.Session() as session:
            client = Zenpy(
                subdomain="example",
                email="bot@example.com",
                token="token",
                session=session,
                disable_cache=True,
            )
            yield Account(hosted, client, simulator)


async def test_a_ticket_is_read_answered_and_handed_over(account: Account) -> None:
    call, client = account.hosted.call, account.client
    me = await call(client.users.me)
    ticket = await call(lambda: client.tickets(id=account.number))
    assert (me.id, ticket.description) == (BOT_ID, "Where is my parcel?")

    answered = await account.update(
        comment=Comment(html_body="<p>It left.</p>", public=True), status="pending"
    )
    await account.update(comment=Comment(body="wants a person", public=False), group_id=HAND_OFF_GROUP_ID)
    await account.update(assignee_id=BOT_ID, status="solved")
    comments = await call(lambda: list(client.tickets.comments(account.number)))
    audits = await call(lambda: list(client.tickets.audits(account.number)))
    groups = await call(lambda: list(client.groups()))

    assert answered.ticket.status == "pending"
    assert [each.plain_body for each in comments] == ["Where is my parcel?", "It left.", "wants a person"]
    assert len(audits) == 4
    assert [each.name for each in groups] == ["Support", "People"]


async def test_a_ticket_is_created_by_description_or_requester(account: Account) -> None:
    call, client = account.hosted.call, account.client
    plain = await call(lambda: client.tickets.create(Ticket(subject="One", description="By description")))
    for_her = await call(
        lambda: client.tickets.create(
            Ticket(
                subject="Two",
                comment=Comment(html_body="<p>Hello</p>"),
                requester=User(name="Grace", email="grace@example.com"),
            )
        )
    )

    assert plain.ticket.description == "By description"
    assert for_her.ticket.description == "Hello"


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "solved"},
        {"assignee_id": 12345},
        {"group_id": 12345},
        {"status": "dancing"},
        {"comment": {"body": ""}},
    ],
)
async def test_invalid_updates_are_refused(account: Account, fields: dict[str, Any]) -> None:
    with pytest.raises(APIException):
        await account.update(**fields)


async def test_an_unknown_ticket_is_not_found(account: Account) -> None:
    with pytest.raises(RecordNotFoundException):
        await account.hosted.call(lambda: account.client.tickets(id=1))


async def test_a_file_is_uploaded(account: Account) -> None:
    with BytesIO(b"hello") as file:
        upload = await account.hosted.call(
            lambda: account.client.attachments.upload(file, target_name="a.txt")
        )
    await account.update(comment=Comment(body="Look", uploads=[upload.token]))
    comments = await account.hosted.call(lambda: list(account.client.tickets.comments(account.number)))

    assert [each.file_name for each in comments[-1].attachments] == ["a.txt"]
