"""Reports as files that a browser keeps: the rows of reports.show, as spreadsheets read them."""

import re

from aiohttp import hdrs, web

from ccappliance.interfaces.control.registry import Operations
from ccappliance.interfaces.control.report_file import csv_of
from ccappliance.interfaces.web.rest import Ask


class ReportFiles:
    """Makes files of what the house reports."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    async def file(self, ask: Ask, report: str, since: str = "", until: str = "", per: str = "day", name: str = "",
                   variant: str = "b") -> web.StreamResponse:
        """Rows of a report as CSV (UTF-8 with BOM), with `reports.show`'s parameters; no cell is a formula."""
        asked = {"report": report, "since": since, "until": until, "per": per, "name": name, "variant": variant}
        rows = [row async for row in self._operations.stream("reports.show", asked, ask.known.by)]
        plain = re.sub(r"[^A-Za-z0-9_-]", "_", "-".join(word for word in (report, since, until, per) if word))[:100]
        return web.Response(body=csv_of(rows, report, variant), content_type="text/csv", charset="utf-8", headers={
            hdrs.CONTENT_DISPOSITION: f'attachment; filename="{plain}.csv"', hdrs.CACHE_CONTROL: "no-store"})
