"""Simulator of the Twilio API."""
