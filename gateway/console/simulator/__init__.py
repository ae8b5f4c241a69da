"""Simulator pages: the phone, the desks of providers, the widget."""
