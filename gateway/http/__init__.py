"""HTTP clients: one for provider APIs, one with SSRF protection for untrusted URLs."""
