"""`python -m gateway` is `turngate`."""

from gateway.commands import main

main()
