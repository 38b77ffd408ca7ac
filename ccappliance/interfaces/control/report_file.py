"""A report as a file for spreadsheets: CSV in UTF-8 with a byte order mark, in which nothing is computed."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from ccappliance.call import reports as rolled

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would compute


def csv_of(rows: Sequence[dict[str, Any]], report: str, variant: str) -> bytes:
    """Seconds and shares as numbers; nothing a spreadsheet would compute."""
    out = io.StringIO()
    columns = ["time", "name", *(column.name for column in rolled.columns(report, variant))]
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        writer.writerow(["" if row[key] is None else _harmless(row[key]) for key in columns])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "backslashreplace")


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) and not value[1:].isdigit() else value
