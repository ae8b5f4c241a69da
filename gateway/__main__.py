"""Entry point of `python -m gateway`, the same as `turngate`."""

from gateway.cli import main

main()
