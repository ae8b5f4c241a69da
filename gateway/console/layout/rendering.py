"""Templates of the console, rendered with the security headers of all pages."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse

from core.counts import count_of
from gateway.console.layout import formats
from gateway.console.layout.navigation import BADGE_WORDS

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent.parent / "templates"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters.update(
    at=formats.format_time,
    clock=formats.format_clock,
    day=formats.format_day,
    iso=formats.format_iso,
    duration=formats.format_duration,
    age=formats.format_age,
    number=formats.format_number,
)
_TEMPLATES.globals.update(
    badge_words=BADGE_WORDS,
    owners=formats.OWNERS,
    count_of=count_of,
    display_name=formats.display_name,
)
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",  # with no-referrer, browsers would send forms with "Origin: null"
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def render_page(template: str, **values: object) -> HTMLResponse:
    """Render a template without navigation, with the security headers of all pages."""
    return HTMLResponse(_TEMPLATES.get_template(template).render(**values), headers=HEADERS)
