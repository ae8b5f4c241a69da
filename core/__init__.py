"""Values, ports and session processing: everything that knows no wire format, no Redis and no HTTP."""
