"""Flow diagrams as Mermaid or SVG."""

from __future__ import annotations

from flows.authoring.diagram.mermaid import to_mermaid
from flows.authoring.diagram.svg import VisitedPath, to_svg

__all__ = [
    "VisitedPath",
    "to_mermaid",
    "to_svg",
]
