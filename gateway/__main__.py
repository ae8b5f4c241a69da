"""`python -m gateway` is `turngate`."""

from gateway.cli import main

main()
