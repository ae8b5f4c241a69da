"""Authoring tools: linter, diagrams, conversation tests."""
