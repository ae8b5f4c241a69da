"""Generated tables of the channel pages."""

from __future__ import annotations

from collections.abc import Sequence

from channels._kit.settings import Setting


def render_settings(settings: Sequence[Setting]) -> str:
    """Render a channel's settings as its page shows them."""
    rows = ["| setting | default | meaning |", "|---|---|---|"]
    for setting in settings:
        default = f"`{setting.default}`" if setting.default else "required" if setting.required else ""
        rows.append(f"| `{setting.name}` | {default} | {setting.description} |")
    return "\n".join(rows)
