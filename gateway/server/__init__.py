"""HTTP surface of the web process: webhooks, health, operator authentication, JSON errors."""
