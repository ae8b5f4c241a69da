"""Declared HTTP calls of a flow: URL, body, retries."""

from __future__ import annotations

from flows.tools.http.action import HttpAction, HttpActionResult, compile_action, execute_action
from flows.tools.http.url import RequestBuildError, render_url

__all__ = [
    "HttpAction",
    "HttpActionResult",
    "RequestBuildError",
    "compile_action",
    "execute_action",
    "render_url",
]
