"""Flow diagrams as Mermaid or SVG."""

from __future__ import annotations

from flows.authoring.diagram.mermaid import to_mermaid
from flows.authoring.diagram.svg import Walk, to_svg

__all__ = [
    "Walk",
    "to_mermaid",
    "to_svg",
]
