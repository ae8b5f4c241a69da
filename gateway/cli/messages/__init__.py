"""Commands about messages: sending, delivery, failures, templates, broadcasts."""
