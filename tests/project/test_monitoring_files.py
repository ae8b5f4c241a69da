"""Dashboard and alert rules of `deploy/`: they load, their queries parse, and their metrics exist."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from redis.asyncio import Redis

from tests.gateway.server.test_metrics import build_gateway, build_web_process, make_traffic, scrape
from tests.paths import ROOT

RULES = ROOT / "deploy" / "prometheus" / "turngate.rules.yaml"
DASHBOARD = ROOT / "deploy" / "grafana" / "turngate.json"
AUTOSCALING = ROOT / "deploy" / "kubernetes" / "autoscaling.yaml"
_METRIC = re.compile(r"\b(?:turngate|process)_[a-z_]+")


def read_alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def read_panels() -> list[dict[str, Any]]:
    return [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]


def iter_queries() -> Iterator[str]:
    """Yield every query of dashboard, rules and autoscaling, for a fixed interval."""
    for alert in read_alerts():
        yield alert["expr"]
    for panel in read_panels():
        for target in panel["targets"]:
            yield target["expr"].replace("$__rate_interval", "5m")
    [query] = re.findall(r"query: (.+)", AUTOSCALING.read_text())
    yield query


async def test_every_metric_that_is_asked_for_exists_with_its_labels(redis: Redis) -> None:
    gateway = build_gateway(redis)
    await make_traffic(gateway)
    async with build_web_process(redis) as http:
        await http.post("/webhooks/fake", content=b"7")
        families = await scrape(http)
    await gateway.mailbox.aclose()
    labels = {sample.name: set(sample.labels) for family in families.values() for sample in family.samples}
    used = {name for query in iter_queries() for name in _METRIC.findall(query)}

    assert len(used) > 25
    assert used - set(labels) == set()
    for query in iter_queries():
        for name in _METRIC.findall(query):
            named = set(re.findall(r"\{(\w+)[=~!]", query))
            assert named <= set().union(*(labels.get(each, set()) for each in _METRIC.findall(query))), name


def test_every_alert_says_what_to_do() -> None:
    alerts = read_alerts()
    assert len({alert["alert"] for alert in alerts}) == len(alerts) > 10
    for alert in alerts:
        assert alert["labels"]["severity"] in ("page", "ticket")
        assert set(alert["annotations"]) == {"summary", "description"}


def test_the_dashboard_can_be_imported() -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    panels = dashboard["panels"]
    assert (dashboard["uid"], dashboard["title"]) == ("turngate", "Turngate")
    assert [each["name"] for each in dashboard["templating"]["list"]] == ["datasource"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, f"{panel['title']} lies on another panel"
        taken |= cells
    for panel in read_panels():
        assert panel["description"]
        assert panel["datasource"]["uid"] == "${datasource}"


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed here")
def test_prometheus_reads_all_queries_and_rules(tmp_path: Path) -> None:
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(iter_queries())]
    recorded = tmp_path / "queries.yaml"
    recorded.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}))
    config = tmp_path / "prometheus.yaml"
    shutil.copy(RULES, tmp_path)
    text = (ROOT / "deploy" / "prometheus" / "prometheus.yaml").read_text()
    config.write_text(text.replace("/etc/prometheus/turngate.key", str(recorded)))
    for command in (("rules", str(RULES)), ("rules", str(recorded)), ("config", str(config))):
        checked = subprocess.run(["promtool", "check", *command], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr + checked.stdout


def render_labels(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"


def build_series(name: str, numbers: str, **labels: str) -> dict[str, str]:
    return {"series": f"turngate_{name}{render_labels({'instance': 'a', **labels})}", "values": numbers}


def build_rule_test(
    input_series: list[dict[str, str]], firing: Mapping[str, Mapping[str, str]], at: str = "25m"
) -> dict[str, Any]:
    """Build promtool's test: after 25 minutes these alerts fire, with these labels, and no others."""
    expectations = [
        {
            "expr": f'count by (channel, account, model) (ALERTS{{alertname="{name}",alertstate="firing"}})',
            "eval_time": at,
            "exp_samples": [{"labels": render_labels(firing[name]), "value": 1}] if name in firing else [],
        }
        for name in (alert["alert"] for alert in read_alerts())
    ]
    return {"interval": "1m", "input_series": input_series, "promql_expr_test": expectations}


SOUND = [
    build_series("redis_up", "1x90"),
    build_series("redis_up", "1x90", instance="b"),
    build_series("workers", "2x90"),
    build_series("oldest_unanswered_seconds", "3x90"),
    build_series("longest_mailbox_messages", "2x90"),
    build_series("account_alarms", "0x90"),
    build_series("kept_dead_letters", "0x90"),
    build_series("circuit_breaker_open", "0x90", channel="twilio", account="AC1"),
    build_series("webhook_ack_seconds_count", "0+60x90", channel="twilio", status="204"),
    build_series("webhook_ack_seconds_count", "0+1x90", channel="twilio", status="401"),
    build_series("events_total", "9x90", event="hook_events:lost"),
]
TWILIO, ACCOUNT = {"channel": "twilio"}, {"channel": "twilio", "account": "AC1"}
_FAILED = {**TWILIO, "status": "failed", "failure": "window"}
CONDITIONS: list[tuple[str, Mapping[str, str], list[dict[str, str]]]] = [
    ("TurngateRedisDown", {}, [build_series("redis_up", "0x90", instance="c")]),
    ("TurngateNoWorker", {}, [build_series("workers", "0x90")]),
    ("TurngateMessagesWait", {}, [build_series("oldest_unanswered_seconds", "0+60x90", instance="c")]),
    ("TurngateMailboxNearlyFull", {}, [build_series("longest_mailbox_messages", "801x90", instance="c")]),
    ("TurngateCircuitBreakerOpen", ACCOUNT, [build_series("circuit_breaker_open", "1x90", **ACCOUNT)]),
    ("TurngateAccountAlarm", {}, [build_series("account_alarms", "1x90", instance="c")]),
    ("TurngateDeadLetters", {}, [build_series("kept_dead_letters", "1x90", instance="c")]),
    (
        "TurngateDeliveriesFail",
        TWILIO,
        [
            build_series("deliveries_total", "0+5x90", **_FAILED),
            build_series("deliveries_total", "0+5x90", **_FAILED, instance="b"),
            build_series("deliveries_total", "0+10x90", **TWILIO, status="delivered", failure=""),
        ],
    ),
    (
        "TurngateAnswersSlow",
        TWILIO,
        [
            build_series("webhook_to_reply_seconds_bucket", "0+9x90", **TWILIO, le="30"),
            build_series("webhook_to_reply_seconds_bucket", "0+10x90", **TWILIO, le="60"),
            build_series("webhook_to_reply_seconds_bucket", "0+10x90", **TWILIO, le="+Inf"),
        ],
    ),
    (
        "TurngateModelFails",
        {"model": "openai/a"},
        [
            build_series(
                "model_call_seconds_count", numbers, model="openai/a", operation="decide", result=result
            )
            for result, numbers in (("ok", "0+8x90"), ("error", "0+2x90"))
        ],
    ),
    (
        "TurngateAcknowledgementsSlow",
        {},
        [
            build_series("webhook_ack_seconds_bucket", "0+9x90", **TWILIO, status="204", le="1.0"),
            build_series("webhook_ack_seconds_bucket", "0+10x90", **TWILIO, status="204", le="2.5"),
            build_series("webhook_ack_seconds_bucket", "0+10x90", **TWILIO, status="204", le="+Inf"),
        ],
    ),
    (
        "TurngateWebhooksNotStored",
        TWILIO,
        [build_series("webhook_ack_seconds_count", "0+1x90", **TWILIO, status="503")],
    ),
    (
        "TurngateWebhooksRefused",
        {"channel": "zendesk"},  # few, and none is accepted
        [build_series("webhook_ack_seconds_count", "0+1x90", channel="zendesk", status="401")],
    ),
    (
        "TurngateWebhooksRefused",
        {"channel": "zendesk"},  # many, beside more that are accepted
        [
            build_series("webhook_ack_seconds_count", "0+10x90", channel="zendesk", status="401"),
            build_series("webhook_ack_seconds_count", "0+90x90", channel="zendesk", status="200"),
        ],
    ),
    ("TurngateHookEventsGivenUp", {}, [build_series("events_total", "_x80 1x10", event="hook:dead")]),
]


@pytest.mark.long
@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed here")
def test_each_alert_fires_in_its_condition_and_no_other_does(tmp_path: Path) -> None:
    assert {name for name, *_ in CONDITIONS} | {"TurngateAbsent"} == {each["alert"] for each in read_alerts()}
    tests = [build_rule_test(SOUND, {}, "85m"), build_rule_test([], {"TurngateAbsent": {}}, "85m")]
    for name, labels, series in CONDITIONS:
        changed = {each["series"] for each in series}
        others = [each for each in SOUND if each["series"] not in changed]
        tests.append(build_rule_test(others + series, {name: labels}, "85m"))
    file = tmp_path / "tests.yaml"
    file.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}))
    tested = subprocess.run(["promtool", "test", "rules", str(file)], capture_output=True, text=True)
    assert tested.returncode == 0, tested.stderr + tested.stdout
