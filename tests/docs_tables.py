"""Generated blocks of the documentation, written into their pages by `make docs`."""

from __future__ import annotations

import importlib
import re
import textwrap
import tomllib
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

import typer.main
from typer.core import TyperGroup

import channels
from core.model import Owner
from core.model.owner import TRANSITIONS
from gateway.cli import app
from gateway.config import settings
from gateway.hooks.event_types import EVENT_TYPES
from gateway.hooks.policy import INITIAL_SECONDS, MAX_SECONDS, DeliveryPolicy
from gateway.redis.records.processes.counters import Counters
from gateway.redis.records.processes.load import Load
from gateway.redis.records.retention import KINDS
from gateway.server.metrics.process_metrics import ProcessMetrics
from gateway.server.metrics.redis_metrics import build_counters, build_gauges
from tests.channels.contract.inbound_kinds import render_kinds, render_meanings
from tests.paths import DOCS, ROOT


def find_block(text: str, name: str) -> str:
    """Return the text between the markers of a block."""
    match = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", text, re.DOTALL)
    assert match, f"the page has no block {name}"
    return match[1]


def render_settings() -> str:
    """Render the table of settings, of the gateway and of every channel."""
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    secrets = settings.secret_names()

    def name_of(setting: str) -> str:
        return f"`{setting}` or `{setting}_FILE`" if setting in secrets else f"`{setting}`"

    rows += [
        f"| {name_of(name)} | {default} | {meaning} |" for name, default, meaning in settings.setting_rows()
    ]
    for name in channels.available():
        for setting in importlib.import_module(f"channels.{name}").SETTINGS:
            default = f"`{setting.default}`" if setting.default else ("required" if setting.required else "")
            rows.append(f"| {name_of(setting.name)} | {default} | {setting.description} |")
    return "\n".join(rows)


def render_env_example() -> str:
    """Render `.env.example`: every setting with its meaning, all unset."""
    lines = ["# Copy to .env (mode 600) and set what you need, or let `turngate setup` ask."]
    for name, default, meaning in settings.setting_rows():
        lines += ["", *textwrap.wrap(meaning, 118, initial_indent="# ", subsequent_indent="# ")]
        lines.append(f"#{name}={default.strip('`')}")
    for channel in channels.available():
        lines += ["", f"# --- {channel} ---"]
        for setting in importlib.import_module(f"channels.{channel}").SETTINGS:
            note = f"{setting.description}{' (required)' if setting.required else ''}"
            lines += ["", *textwrap.wrap(note, 118, initial_indent="# ", subsequent_indent="# ")]
            lines.append(f"#{setting.name}={setting.default}")
    return "\n".join([*lines, ""])


def render_commands() -> str:
    """Render the table of commands from the command line itself."""
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    context = typer.Context(group)
    rows = ["| command | what it does |", "|---|---|"]
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        rows.append(f"| `turngate {name}` | {(command.help or '').splitlines()[0]} |")
    return "\n".join(rows)


def render_ownership() -> str:
    """Render the state machine of session ownership as a Mermaid diagram."""
    causes: dict[tuple[Owner, Owner], list[str]] = {}
    for move in TRANSITIONS:
        causes.setdefault((move.before, move.after), []).append(move.cause)
    arrows = [f"    {before} --> {after}: {', '.join(each)}" for (before, after), each in causes.items()]
    return "\n".join(["```mermaid", "stateDiagram-v2", f"    [*] --> {Owner.BOT}", *arrows, "```"])


def render_packages() -> str:
    """Render packages and their order as a Mermaid diagram, from the contracts in pyproject.toml."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = {each["name"]: each["layers"] for each in contracts["contracts"] if each["type"] == "layers"}
    lines = ["```mermaid", "flowchart TD"]
    for package in ("gateway", "channels", "flows", "core"):
        lines.append(f"  subgraph {package}")
        rows = layers.get(f"inside {package}") or ["one folder per provider", "_kit"]
        ids = [f"{package}_{number}" for number in range(len(rows))]
        lines += [f'    {id_}["{row.replace(" | ", " · ")}"]' for id_, row in zip(ids, rows, strict=True)]
        lines += [f"    {above} --> {below}" for above, below in pairwise(ids)]
        lines.append("  end")
    lines += ["  gateway --> channels --> core", "  gateway --> flows --> core", "```"]
    return "\n".join(lines)


def render_hook_events() -> str:
    """Render the table of events for hooks."""
    rows = ["| type | meaning | fields |", "|---|---|---|"]
    for name, kind in EVENT_TYPES.items():
        rows.append(f"| `{name}` | {kind.meaning} | {', '.join(f'`{field}`' for field in kind.fields)} |")
    return "\n".join(rows)


def render_hook_retries() -> str:
    """Render when an event for a hook is tried again and when it is given up."""
    policy = DeliveryPolicy()
    first, most, age = f"{INITIAL_SECONDS:.0f}", f"{MAX_SECONDS / 60:.0f}", policy.give_up_seconds / 3600
    return "\n".join(
        (
            f"An event that is not taken is tried again after about {first} seconds, then after",
            f"twice as long each time, up to {most} minutes, and is given up {age:.0f} hours after",
            "it happened.",
            "",
            f"After {policy.failure_threshold} failures without a success (no answer, 5xx, 408, 425, 429 or",
            "a redirect) the receiver counts as down: it gets one event at a time, with the same pauses",
            "between them, and everything else as soon as it takes one. An event that is rejected",
            "with another status holds up no other.",
        )
    )


def render_metrics() -> str:
    """Render the table of our own metrics."""
    nothing = Load(Counters([], {}, {}), 0, 0, 0, (), 0, 0, 0, 0.0, 0, 0, 0, 0, {})
    shared = [*build_counters(nothing.counters), *build_gauges(nothing, 0)]
    process = ProcessMetrics()
    process.observe_acknowledgement("twilio", 204, 0.001)
    own = [family for family in process.collect() if family.name.startswith("turngate_")]
    rows = ["| metric | labels | meaning |", "|---|---|---|"]
    for family in (*shared, *own):
        name = family.name + {"counter": "_total", "info": "_info"}.get(family.type, "")
        sampled = dict.fromkeys(
            label for sample in family.samples for label in sample.labels if label != "le"
        )
        labels = ", ".join(f"`{label}`" for label in getattr(family, "_labelnames", sampled))
        rows.append(f"| `{name}` ({family.type}) | {labels} | {family.documentation} |")
    return "\n".join(rows)


def render_retention() -> str:
    """Render the table of the data in Redis and its retention."""
    rows = ["| data | keys | kept | setting |", "|---|---|---|---|"]
    for kind in KINDS:
        setting = f"`{kind.setting}`" if kind.setting else ""
        rows.append(f"| {kind.data} | `{kind.keys}` | {kind.kept} | {setting} |")
    return "\n".join(rows)


ENV_EXAMPLE = ROOT / ".env.example"
BLOCKS: Mapping[Path, Mapping[str, Callable[[], str]]] = {
    ROOT / "README.md": {"commands": render_commands},
    DOCS / "settings.md": {"settings": render_settings},
    DOCS / "channels.md": {"inbound": render_kinds, "inbound-meanings": render_meanings},
    DOCS / "hand-off.md": {"owner": render_ownership},
    DOCS / "hooks.md": {"hook-events": render_hook_events, "hook-retries": render_hook_retries},
    DOCS / "privacy.md": {"retention": render_retention},
    DOCS / "deploy.md": {"metrics": render_metrics},
    DOCS / "architecture.md": {"packages": render_packages},
}


def main() -> None:
    """Write every block into its page."""
    for page, blocks in BLOCKS.items():
        text = page.read_text(encoding="utf-8")
        for name, render in blocks.items():
            before, begin, rest = text.partition(f"<!-- {name} -->\n")
            _, end, after = rest.partition(f"\n<!-- /{name} -->")
            text = "".join((before, begin, render(), end, after))
        page.write_text(text, encoding="utf-8")
    ENV_EXAMPLE.write_text(render_env_example(), encoding="utf-8")


if __name__ == "__main__":
    main()
