"""Configuration: settings, per-channel file, logging, operator tools, GC tuning."""
