"""Simulator of the Zendesk Support API."""
