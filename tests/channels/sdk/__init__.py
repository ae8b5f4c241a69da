"""Simulators driven by the providers' own client libraries and by widely used third-party ones."""
