"""Simulators driven by the providers' own client libraries, and by the most used ones of others."""
