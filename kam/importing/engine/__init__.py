"""The run over a file: its records, what they refer to, how they hang together, what is found."""

from kam.importing.engine.findings import KINDS, Report
from kam.importing.engine.run import Run

__all__ = ["KINDS", "Report", "Run"]
