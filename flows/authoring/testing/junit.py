"""Writes test results as JUnit XML."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from flows.authoring.testing.runner import CaseResult, ConversationTestReport
from flows.authoring.xml import strip_invalid_xml


def to_junit_xml(report: ConversationTestReport, name: str) -> str:
    """Return one test suite called `name`, with one test case per conversation."""
    failed = sum(bool(case.failures) for case in report.cases)
    seconds = sum(case.seconds for case in report.cases)
    return "\n".join(
        [
            '<?xml version="1.0" encoding="utf-8"?>',
            f'<testsuite name={_quote_attribute(name)} tests="{len(report.cases)}"'
            f' failures="{failed}" errors="0" time="{seconds:.3f}">',
            *(_render_case(case, name) for case in report.cases),
            "</testsuite>",
            "",
        ]
    )


def _render_case(case: CaseResult, suite: str) -> str:
    attributes = f"classname={_quote_attribute(suite)} name={_quote_attribute(case.name)}"
    head = f'<testcase {attributes} time="{case.seconds:.3f}"'
    if not case.failures:
        return f"  {head}/>"
    text = escape(strip_invalid_xml("\n".join(case.failures)))
    return f"  {head}><failure message={_quote_attribute(case.failures[0])}>{text}</failure></testcase>"


def _quote_attribute(text: str) -> str:
    return quoteattr(strip_invalid_xml(text))
