"""Simulator of the Intercom API."""
