"""Conversation tests for flows: file format, runner, stubs, coverage, JUnit report."""

from __future__ import annotations

from flows.authoring.testing.junit import to_junit_xml
from flows.authoring.testing.references import validate_references
from flows.authoring.testing.runner import run_conversations
from flows.authoring.testing.test_file import ConversationTestFile, conversation_file_path

__all__ = [
    "ConversationTestFile",
    "conversation_file_path",
    "run_conversations",
    "to_junit_xml",
    "validate_references",
]
