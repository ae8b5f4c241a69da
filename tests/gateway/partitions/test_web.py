"""Web application over partitions: the console shows one at a time, and names what is not possible."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest
from redis.asyncio import Redis

from core.errors import ConfigurationError
from core.model import Owner
from gateway.app import create
from gateway.config.settings import Settings
from gateway.console.layout.partition_links import add_partition
from gateway.local.simulated_accounts import URL_VARIABLE, list_simulated_surfaces, parse_simulator_urls
from gateway.partitions.directory import hash_name
from gateway.redis.connection.connect import open_partitions, open_sync_redis
from gateway.redis.inbox import RedisInbox
from gateway.redis.records.sessions.log.session_log import read_owner
from tests.gateway.partitions.inboxes import build_message
from tests.gateway.partitions.test_directory import find_names

KEY = "a-key-of-the-operator"
SIMULATOR = "twilio=http://127.0.0.1:9"  # nothing listens there
SIMULATED_SURFACES = list_simulated_surfaces(parse_simulator_urls({URL_VARIABLE: SIMULATOR}))["twilio"]
CONTACTS = [f"+1555010{number:04}" for number in range(20)]


@pytest.fixture
async def http(
    stores: Sequence[Redis], cluster_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setenv("REDIS_URL", cluster_url)
    monkeypatch.setenv("TURNGATE_PARTITIONS", str(len(stores)))
    monkeypatch.setenv("TURNGATE_API_KEY", KEY)
    monkeypatch.setenv(URL_VARIABLE, SIMULATOR)
    headers = {"Authorization": f"Bearer {KEY}"}
    app = create()
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://127.0.0.1", headers=headers
        ) as client:
            yield client


async def test_the_console_shows_the_partition_that_was_chosen(
    stores: Sequence[Redis], http: httpx.AsyncClient
) -> None:
    await RedisInbox(stores[2]).accept([build_message(1, find_names(2)[0])])

    first = await http.get("/console/queue")
    second = await http.get("/console/queue", params={"partition": "2"})
    third = await http.get("/console/queue")  # the cookie says it now
    wrong = await http.get("/console/queue", params={"partition": "99"})

    pages = (first, second, third, wrong)
    assert ["/console/conversations/" in page.text for page in pages] == [False, True, True, False]
    assert "<option selected>2</option>" in second.text
    http.cookies.clear()
    assert (await http.get("/console/audit")).status_code == 200


async def test_a_page_of_an_older_tab_stays_in_its_partition(
    stores: Sequence[Redis], http: httpx.AsyncClient
) -> None:
    await RedisInbox(stores[2]).accept([build_message(1, find_names(2)[0])])
    browser = {"accept": "text/html"}
    older = await http.get("/console/queue", params={"partition": "2"}, headers=browser)
    [link] = set(re.findall(r'href="(/console/conversations/[^"]+)"', older.text))
    conversation = await http.get(html.unescape(link), headers=browser)
    [form] = re.findall(r'action="(/console/conversations/[^"]+/owner[^"]*)"', conversation.text)
    newer = await http.get(
        "/console", params={"partition": "0"}, headers=browser
    )  # another tab; the same cookie

    acted = await http.post(
        html.unescape(form), data={"act": "take_over"}, headers={"origin": "http://127.0.0.1"}
    )

    assert "partition=2" in link
    assert newer.status_code == 200
    assert acted.status_code == 303
    assert acted.headers["location"].endswith("partition=2")
    session = find_names(2)[0]
    assert await read_owner(stores[2], session) is Owner.HUMAN
    searched = await http.get("/console/conversations", params={"partition": "2"}, headers=browser)
    assert '<input type="hidden" name="partition" value="2">' in searched.text


async def test_the_simulator_shows_a_conversation_of_any_partition(
    stores: Sequence[Redis], http: httpx.AsyncClient
) -> None:
    surface = next(each for each in SIMULATED_SURFACES if not each.has_desk)
    persons = {hash_name(surface.locate(each).session, 4): each for each in CONTACTS}
    assert sorted(persons) == [0, 1, 2, 3]
    for number, person in persons.items():
        session = surface.locate(person).session
        await RedisInbox(stores[number]).accept([build_message(number, session)])
        await stores[number].hset(f"tg:{{{session}}}", "state", '{"node": "ask", "slots": {}}')

    for number, person in persons.items():
        query = {"surface": surface.name, "person": person}
        shown = (await http.get("/console/conversation", params=query)).json()
        page = shown["inspected"]["page"]

        assert [entry["kind"] for entry in shown["entries"]] == ["accepted"]
        assert page.endswith(f"?partition={number}")
        assert (await http.get(page)).status_code == 200


async def test_the_url_of_a_page_names_its_partition(http: httpx.AsyncClient) -> None:
    await http.get("/console/queue", params={"partition": "3"})
    opened = await http.get("/console/failures?kind=turns", headers={"accept": "text/html"})

    assert (opened.status_code, opened.headers["location"]) == (
        307,
        "/console/failures?kind=turns&partition=3",
    )
    assert (await http.get("/console/failures")).status_code == 200  # no browser: as it was asked
    assert (await http.get("/nothing", headers={"accept": "text/html"})).status_code == 404


@pytest.mark.parametrize("query", ["partition=", "q=a;partition=1", "partition=9"])
async def test_a_url_that_names_no_partition_is_shown_too(http: httpx.AsyncClient, query: str) -> None:
    page = await http.get(f"/console?{query}", headers={"Accept": "text/html"}, follow_redirects=True)

    assert page.status_code == 200
    assert "Overview" in page.text


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (' href="/console"', ' href="/console?partition=3"'),
        (' action="/console/a?b=1&amp;c=2#d"', ' action="/console/a?b=1&amp;c=2&amp;partition=3#d"'),
        (' href="/console/a?partition=1"', ' href="/console/a?partition=1"'),
        (' href="/console/static/a.css"', ' href="/console/static/a.css"'),
        (' src="/console/a/flow.svg?node=b"', ' src="/console/a/flow.svg?node=b&amp;partition=3"'),
        (' src="/console/static/console.js"', ' src="/console/static/console.js"'),
        (' href="https://example.com/console"', ' href="https://example.com/console"'),
        ("&#34; href=&#34;/console", "&#34; href=&#34;/console"),
    ],
)
def test_the_links_of_a_page_name_its_partition(given: str, named: str) -> None:
    assert add_partition(given, 3) == named


async def test_readiness_and_metrics_are_those_of_all_partitions(
    stores: Sequence[Redis], http: httpx.AsyncClient
) -> None:
    for number in range(4):
        await RedisInbox(stores[number]).accept([build_message(number, find_names(number)[0])])

    assert (await http.get("/readyz")).json() == {"status": "ready"}
    assert (await http.get("/readyz", params={"workers": "1"})).status_code == 503
    metrics = (await http.get("/metrics")).text
    assert "turngate_unanswered_sessions 4" in metrics
    assert 'turngate_messages_total{channel="fake",account="A1",class="new"} 4' in metrics


def test_a_worker_does_not_wait_for_a_server_that_cannot_have_its_partitions() -> None:
    with pytest.raises(ConfigurationError, match="several partitions need a cluster"):
        open_sync_redis("redis://127.0.0.1:1", 1)


async def test_several_partitions_without_a_cluster_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"redis\+cluster://"):
        open_partitions("redis://127.0.0.1:6379", 2)
    assert Settings.load().partitions == 1
