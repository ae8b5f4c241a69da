"""Simulator of the Sunshine Conversations API."""
