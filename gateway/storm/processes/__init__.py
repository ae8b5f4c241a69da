"""Processes of a chaos test: killed, with a wrong clock, with slow turns."""
