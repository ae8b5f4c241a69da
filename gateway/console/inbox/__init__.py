"""Inbox for agents: pages and the JSON API."""
