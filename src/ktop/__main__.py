"""``python -m ktop`` runs the command line."""

from ktop.cli import main

main()
