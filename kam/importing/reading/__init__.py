"""Reads CSV and XLSX files as rows of cells: detects how they are written, guards against what
would hurt, and says where a file is wrong. Nothing here knows what the rows mean.

A row is ``(line, cells, problem)``: ``line`` counts from 1 as an editor or Excel shows it; cells of
a CSV file are text, those of an XLSX file text, ``Decimal``, ``date``, ``bool`` or ``None``; a cell
that cannot be taken is a ``BadCell``. ``problem`` is a sentence when the row as a whole is wrong.
"""

from kam.importing.reading.cells import BadCell, FileRefused, Row, shown
from kam.importing.reading.detection import DELIMITERS, ENCODINGS, MAX_BYTES, detect
from kam.importing.reading.manner import Reading
from kam.importing.reading.profiling import Profile, decided, profile, undecided
from kam.importing.reading.table import doubled, rows

__all__ = [
    "DELIMITERS",
    "ENCODINGS",
    "MAX_BYTES",
    "BadCell",
    "FileRefused",
    "Profile",
    "Reading",
    "Row",
    "decided",
    "detect",
    "doubled",
    "profile",
    "rows",
    "shown",
    "undecided",
]
