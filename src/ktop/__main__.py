"""``python -m ktop`` runs the command line."""

from ktop.bootstrap import main

if __name__ == "__main__":  # worker processes import this module again and must not start over
    main()
