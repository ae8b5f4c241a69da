"""A trial's results as JUnit XML, which every build server reads."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from flows.authoring.testing.runner import Case, Trial
from flows.authoring.xml import valid


def junit(trial: Trial, name: str) -> str:
    """One test suite called `name`, with one test case a conversation."""
    failed = sum(bool(case.failures) for case in trial.cases)
    seconds = sum(case.seconds for case in trial.cases)
    return "\n".join(
        [
            '<?xml version="1.0" encoding="utf-8"?>',
            f'<testsuite name={_attribute(name)} tests="{len(trial.cases)}" failures="{failed}" errors="0"'
            f' time="{seconds:.3f}">',
            *(_case(case, name) for case in trial.cases),
            "</testsuite>",
            "",
        ]
    )


def _case(case: Case, suite: str) -> str:
    head = f'<testcase classname={_attribute(suite)} name={_attribute(case.name)} time="{case.seconds:.3f}"'
    if not case.failures:
        return f"  {head}/>"
    text = escape(valid("\n".join(case.failures)))
    return f"  {head}><failure message={_attribute(case.failures[0])}>{text}</failure></testcase>"


def _attribute(text: str) -> str:
    return quoteattr(valid(text))
