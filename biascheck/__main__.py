"""`python -m biascheck`."""

from biascheck.cli import main

main()
