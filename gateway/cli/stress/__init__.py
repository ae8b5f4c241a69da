"""Commands for load tests and chaos tests on a disposable gateway."""
