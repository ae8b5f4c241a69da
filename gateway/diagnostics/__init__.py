"""Checks of an installation: configuration, flow, accounts, public address, Redis, workers."""
