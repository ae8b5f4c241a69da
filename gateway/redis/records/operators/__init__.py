"""Records of operators: failed keys, sessions, audit log, rejected webhooks, flow versions."""
