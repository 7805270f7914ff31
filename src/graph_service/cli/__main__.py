"""`python -m graph_service.cli` is `graph-service`."""

import sys

from graph_service.cli import main

if __name__ == "__main__":  # processes of our own read this module too
    sys.exit(main())
