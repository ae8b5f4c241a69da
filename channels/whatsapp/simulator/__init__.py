"""Simulator of the WhatsApp Cloud API."""
