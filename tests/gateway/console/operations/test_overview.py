"""The overview: figures of the last hour with their charts, and the lists that they lead to."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from core.errors import Rejected, Unavailable
from core.model import TurnReceived
from core.steps import listen
from gateway.console.operations.figures import TokenPrice, parse_price
from gateway.console.operations.sparklines import HEIGHT, WIDTH, draw_sparkline
from gateway.redis.records.processes.step_durations import StepDurations
from tests.fakes import build_turn
from tests.gateway.console.console_client import open_console
from tests.gateway.environments.inbound import InboundGateway

SESSION = "fake:1"


@pytest.fixture
async def gateway(redis: Redis) -> AsyncIterator[InboundGateway]:
    made = InboundGateway(redis, ["fake"])
    yield made
    await made.mailbox.aclose()


async def make_traffic(gateway: InboundGateway) -> None:
    """Answer a message, fail a send, reject a reply; the model used 1,500,000 tokens."""
    durations = StepDurations(gateway.redis)
    with listen(durations):
        await gateway.receive([TurnReceived(turn=build_turn(1))], SESSION)
        gateway.channel.planned_failures = [(Unavailable("down"), False), (Rejected("no such number"), False)]
        await gateway.receive([TurnReceived(turn=build_turn(2))], SESSION)
        await gateway.process_when_due(SESSION)
    await durations.flush()
    seconds, _ = await gateway.redis.time()
    await gateway.redis.hincrby(f"tg:traffic:{seconds // 60}", "c|tokens|fake:A1|", 1_500_000)
    await gateway.redis.hincrby("tg:counts", "c|tokens|fake:A1|", 1_500_000)
    await gateway.redis.set(f"tg:spent_tokens:{seconds // 86_400}:fake:A1", 1_500_000)


async def test_every_figure_of_the_hour_has_a_chart_words_and_a_list(
    redis: Redis, gateway: InboundGateway
) -> None:
    await make_traffic(gateway)

    async with open_console(redis) as http:
        page = await http.get("/console")
        tiles = re.findall(r'<li class="panel[^"]*"><a href="([^"]+)">(.*?)</a></li>', page.text, re.DOTALL)
        for link, _ in tiles:
            found = await http.get(link.partition("#")[0])
            assert found.status_code in (200, 404), link  # the inbox is not served here
        failures = await http.get("/console/failures")
    by_label = {" ".join(re.sub(r"<[^>]+>", " ", text).split()): text for _, text in tiles}
    charted = [label for label, text in by_label.items() if "<polyline" in text]

    assert len(charted) == 7
    assert any(
        "0.4 in the last 5 minutes; 0.0 on average, 2 in the last hour" in label for label in charted
    ), charted
    assert any("failed send: unavailable (fake) · 1 permanent (fake)" in each for each in charted)
    assert any("1,500,000 3.75 EUR" in label for label in charted), charted
    assert all("last hour" in label for label in charted), charted
    assert "fake:A1" in page.text
    assert re.search(r">fake:A1</td><td[^>]*>permanent</td><td[^>]*>1</td>", failures.text)


async def test_an_idle_gateway_says_none(redis: Redis) -> None:
    async with open_console(redis) as http:
        page = await http.get("/console")

    assert page.status_code == 200
    assert page.text.count("none in the last hour") >= 5
    assert "No account had a message in the last hour." in page.text


def test_a_chart_stays_inside_its_frame_and_says_its_highest_value() -> None:
    chart = draw_sparkline([0, 5, 10, 2.5], lambda most: f"{most:.0f} a minute")

    points = [tuple(map(float, each.split(","))) for each in chart.points.split()]
    assert [round(x) for x, _ in points] == [2, 41, 79, 118]
    assert min(y for _, y in points) == 2
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
    assert chart.words == "at most 10 a minute in the last hour"
    assert draw_sparkline([], str).points == ""


@pytest.mark.parametrize(
    ("setting", "tokens", "cost"),
    [("", 10, ""), ("2.5", 1_000_000, "2.50"), ("0.60 USD", 3_000, "0.0018 USD"), ("1 EUR", 0, "0.00 EUR")],
)
def test_the_cost_of_tokens(setting: str, tokens: int, cost: str) -> None:
    assert parse_price(setting).describe(tokens) == cost
    assert TokenPrice().describe(tokens) == ""
