"""The command `graph-service`: parse, call, print, exit code. The only room that prints.

Exit codes: 0 done, 1 the answer is no (does not conform, not found), 2 wrong use, 3 failed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from graph_service import errors
from graph_service.cli.arguments import parser
from graph_service.cli.common import NO
from graph_service.settings import read_settings

WRONG_USE, FAILED = 2, 3
EXIT_CODES: dict[type[errors.GraphServiceError], int] = {
    errors.UnknownTerm: NO,
    errors.UnknownRelease: NO,
    errors.ReleasePruned: NO,
    errors.RecordWithdrawn: NO,
    errors.NoRelease: NO,
    errors.DoesNotConform: NO,
    errors.DataRefused: NO,
    errors.GraphRefused: NO,
    errors.LostUpdate: NO,
    errors.Unauthorised: NO,
    errors.Forbidden: NO,
    errors.RdfSyntaxError: NO,
    errors.RangeNotSatisfiable: NO,
    errors.ShapesError: NO,
    errors.TablesRefused: NO,
    errors.CatalogueError: NO,
    errors.SparqlSyntaxError: WRONG_USE,
    errors.MalformedValue: WRONG_USE,
    errors.ParameterError: WRONG_USE,
    errors.SettingError: WRONG_USE,
    errors.QueryRefused: WRONG_USE,
    errors.DatasetConflict: WRONG_USE,
    errors.QueryFailed: FAILED,
    errors.QueryStopped: FAILED,
    errors.QueryTimeout: FAILED,
    errors.WorkTimeout: FAILED,
    errors.WorkTooLarge: FAILED,
    errors.QueryTooLarge: FAILED,
    errors.AnswerTooLarge: FAILED,
    errors.ReadersBusy: FAILED,
    errors.ReadersDown: FAILED,
    errors.HomeError: FAILED,
    errors.DiskFull: FAILED,
    errors.EngineUnavailable: FAILED,
    errors.EngineRefused: FAILED,
    errors.EngineMissing: FAILED,
    errors.EngineMoved: FAILED,
    errors.BackupDamaged: FAILED,
    errors.WriterBusy: FAILED,
    errors.WriteStopped: FAILED,
    errors.WriteTimeout: FAILED,
    errors.WriteTooLarge: FAILED,
    errors.ServeError: FAILED,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code. Every mendable error is told on stderr, without a traceback."""
    chosen = parser().parse_args(arguments)
    try:
        return int(chosen.run(chosen, read_settings()))
    except errors.GraphServiceError as error:
        print(f"graph-service: {error}", file=sys.stderr)
        return EXIT_CODES[type(error)]
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # a file of the user's that cannot be read or written
        print(f"graph-service: {error.filename or 'the disk'}: {error.strerror or error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return 130
