"""Records of operators: keys tried, sessions, audit log, rejected webhooks, flows looked at."""
