"""`python -m graph_service.cli` is `graph-service`."""

import sys

from graph_service.cli import main

sys.exit(main())
