"""Message rendering shared by the channels: Markdown, HTML, text splitting, SMS segments, templates."""

from __future__ import annotations

from channels._kit.rendering.html import markdown_to_html, text_to_html
from channels._kit.rendering.literal_markers import escape_markers
from channels._kit.rendering.markdown import (
    ASTERISK_DIALECT,
    PLAIN_DIALECT,
    escape_markdown,
    format_numbered_list,
    render_markdown,
)
from channels._kit.rendering.message_parts import (
    append_numbered_list,
    attach_captions,
    attach_choices,
    attach_voice_note,
    should_use_list,
    truncate,
)
from channels._kit.rendering.sms_segments import count_segments, describe_high_cost, to_gsm7_friendly
from channels._kit.rendering.template_components import MEDIA_HEADERS, build_template
from channels._kit.rendering.text_splitter import split_text, utf16_length

__all__ = [
    "ASTERISK_DIALECT",
    "MEDIA_HEADERS",
    "PLAIN_DIALECT",
    "append_numbered_list",
    "attach_captions",
    "attach_choices",
    "attach_voice_note",
    "build_template",
    "count_segments",
    "describe_high_cost",
    "escape_markdown",
    "escape_markers",
    "format_numbered_list",
    "markdown_to_html",
    "render_markdown",
    "should_use_list",
    "split_text",
    "text_to_html",
    "to_gsm7_friendly",
    "truncate",
    "utf16_length",
]
