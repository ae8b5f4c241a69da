"""Files of deploy/: their settings, commands and probes exist, and every process is restricted alike."""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import channels
from gateway.config.settings import load_channel_settings, setting_rows
from gateway.server.connection_table import ConnectionLimits
from tests.paths import ROOT

DEPLOY = ROOT / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
OWN_VARIABLES = {"DOMAIN", "REDIS_PASSWORD"}  # of compose.yaml itself


def list_settings() -> set[str]:
    names = {name for name, _, _ in setting_rows()}
    return names | {row.name for channel in channels.available() for row in load_channel_settings(channel)}


def load_documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text()))


def load_deployments() -> list[dict[str, Any]]:
    found = [each for path in MANIFESTS for each in load_documents(path) if each["kind"] == "Deployment"]
    assert len(found) == 2
    return found


def test_the_example_environment_names_settings_that_exist() -> None:
    text = (DEPLOY / ".env.example").read_text()
    names = set(re.findall(r"^#?([A-Z][A-Z_]+)=", text, re.MULTILINE))

    assert len(names) > 15
    assert names - list_settings() == OWN_VARIABLES


def test_the_example_environment_has_all_required_settings_of_every_channel() -> None:
    text = (DEPLOY / ".env.example").read_text()
    required = {
        row.name for name in channels.available() for row in load_channel_settings(name) if row.required
    }

    assert {name for name in required if f"#{name}=" not in text} == set()


def test_secrets_of_the_example_environment_are_empty() -> None:
    filled = re.findall(r"^#?([A-Z_]+)=\S", (DEPLOY / ".env.example").read_text(), re.MULTILINE)

    assert set(filled) == {"DOMAIN", "TURNGATE_FLOW", "TURNGATE_LLM"}


def test_containers_get_settings_that_exist() -> None:
    settings = set(COMPOSE["x-turngate"]["environment"])
    for path in MANIFESTS:
        for each in load_documents(path):
            if each["kind"] == "ConfigMap":
                settings |= set(each["data"])
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    settings |= set(re.findall(r"\b(HOST|PORT|TURNGATE_[A-Z_]+)=", dockerfile))

    assert settings - list_settings() == set()


def test_processes_are_the_commands_web_and_worker() -> None:
    commands = [COMPOSE["services"][name]["command"] for name in ("web", "worker")]
    commands += [get_pod(each)["containers"][0]["args"] for each in load_deployments()]
    for name in ("turngate-web.service", "turngate-worker@.service"):
        unit = configparser.ConfigParser(strict=False, interpolation=None)
        unit.optionxform = str  # type: ignore[assignment, method-assign]
        unit.read(DEPLOY / "systemd" / name)
        commands.append(unit["Service"]["ExecStart"].split()[1:])

    assert commands == [["web"], ["worker"]] * 3


def get_pod(deployment: dict[str, Any]) -> dict[str, Any]:
    pod: dict[str, Any] = deployment["spec"]["template"]["spec"]
    return pod


def test_no_container_runs_as_root_or_writes_to_its_image() -> None:
    for deployment in load_deployments():
        pod = get_pod(deployment)
        [container] = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert "memory" in container["resources"]["limits"]
    assert COMPOSE["x-turngate"]["read_only"]
    assert COMPOSE["x-turngate"]["cap_drop"] == ["ALL"]
    assert re.search(r"^USER [1-9]\d+", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)


def test_probes_ask_for_liveness_and_readiness_as_documented() -> None:
    [web] = [
        get_pod(each)["containers"][0]
        for each in load_deployments()
        if each["metadata"]["name"].endswith("web")
    ]

    assert web["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert web["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_a_worker_has_the_time_to_finish_its_turns() -> None:
    grace = [COMPOSE["services"]["worker"]["stop_grace_period"].removesuffix("s")]
    grace += [
        get_pod(each)["terminationGracePeriodSeconds"]
        for each in load_deployments()
        if each["metadata"]["name"].endswith("worker")
    ]
    unit = (DEPLOY / "systemd" / "turngate-worker@.service").read_text()
    grace += re.findall(r"^TimeoutStopSec=(\d+)", unit, re.MULTILINE)

    assert [int(seconds) for seconds in grace] == [75, 75, 75]


@pytest.mark.parametrize("name", ["turngate-web.service", "turngate-worker@.service"])
def test_systemd_never_gives_a_process_up(name: str) -> None:
    lines = (DEPLOY / "systemd" / name).read_text().splitlines()

    assert {"StartLimitIntervalSec=0", "Restart=always"} <= set(lines)


def test_every_container_is_read_only_and_without_capabilities() -> None:
    extra = {}
    for name, service in COMPOSE["services"].items():
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"]), name
        extra[name] = service.get("cap_add", [])

    assert extra == {"web": [], "worker": [], "backup": [], "valkey": [], "caddy": ["NET_BIND_SERVICE"]}


def test_a_providers_webhooks_may_come_in_greater_numbers_than_a_visitors_requests() -> None:
    text = (DEPLOY / "nginx" / "turngate.conf").read_text()
    webhooks, others = (int(number) for number in re.findall(r"limit_conn turngate_connections (\d+)", text))

    assert webhooks >= 10 * others
    assert text.index("location /webhooks/") < text.index(f"turngate_connections {webhooks}")


def test_a_backup_reads_the_servers_files_and_starts_on_request_only() -> None:
    backup, server = COMPOSE["services"]["backup"], COMPOSE["services"]["valkey"]
    [data, _] = backup["volumes"]
    options = dict(zip(backup["command"][2::2], backup["command"][3::2], strict=True))

    assert backup["profiles"] == ["tools"]
    assert data == f"{server['volumes'][0]}:ro"
    assert options == {"--data-dir": data.split(":")[1]}
    assert set(backup["networks"]) == set(server["networks"])


def test_redis_keeps_everything() -> None:
    command = COMPOSE["services"]["valkey"]["command"]

    assert command[command.index("--appendonly") + 1] == "yes"
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"
    assert "ports" not in COMPOSE["services"]["valkey"]
    assert COMPOSE["networks"]["back"] == {"internal": True}


@pytest.mark.parametrize("name", ["nginx/turngate.conf", "caddy/Caddyfile"])
def test_a_proxy_times_out_before_the_web_process(name: str) -> None:
    text = (DEPLOY / name).read_text()
    [seconds] = re.findall(r"(?:client_header_timeout|read_header) (\d+)s", text)

    assert int(seconds) < ConnectionLimits().head_seconds


def test_disruption_budgets_and_services_select_the_deployments() -> None:
    labels = [each["spec"]["template"]["metadata"]["labels"] for each in load_deployments()]
    for path in MANIFESTS:
        for each in load_documents(path):
            if each["kind"] == "PodDisruptionBudget":
                assert each["spec"]["selector"]["matchLabels"] in labels
            if each["kind"] == "Service":
                assert each["spec"]["selector"] in labels
