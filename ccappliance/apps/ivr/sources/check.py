"""What must be true between flows and sources: what is asked is there, and is asked with what it needs."""

from collections.abc import Mapping

from ccappliance.apps.ivr.nodes.fetching import Lookup, check_place, check_private
from ccappliance.apps.ivr.settings import FlowSettings
from ccappliance.apps.ivr.sources.query import Database, SourceFault
from ccappliance.apps.ivr.sources.settings import AnySource, CsvSource, HttpSource, SqliteSource
from ccappliance.apps.ivr.sources.table import MANY, TableFault, read_table
from ccappliance.config.keys import Report


def check_sources(sources: Mapping[str, AnySource], flows: Mapping[str, FlowSettings], report: Report) -> None:
    """Files that are not there yet are a warning: who delivers them may come later than we."""
    columns = {name: _columns(one, report, f"sources.{name}") for name, one in sources.items()}
    for flow_name, flow in flows.items():
        for node_name, node in flow.nodes.items():
            if isinstance(node, Lookup):
                path = f"flows.{flow_name}.nodes.{node_name}"
                source = sources.get(node.source)
                if source is None:
                    report.error(f"{path}.source", f"there is no source {node.source!r}",
                                 f"known: {', '.join(sources)}" if sources else "add it to sources:")
                else:
                    _check_node(node, source, columns[node.source], report, path)


def _check_node(node: Lookup, source: AnySource, columns: tuple[str, ...], report: Report, path: str) -> None:
    asks = source.asks()
    if isinstance(source, HttpSource):
        check_private(source.url, node.confidential(), report, path)
    for name in asks:
        if name not in node.with_:
            report.error(f"{path}.with", f"the source {node.source} has to be asked with {name!r}",
                         f"add with: {{{name}: EXPRESSION}}")
    for name in node.with_:
        if name not in asks:
            report.error(f"{path}.with.{name}", f"the source {node.source} is not asked with {name!r}",
                         f"it is asked with {', '.join(asks)}" if asks else "leave it out")
    for variable, place in node.variables.items():
        if isinstance(source, HttpSource):
            check_place(place, report, f"{path}.variables.{variable}")
        elif columns and place not in columns:
            report.error(f"{path}.variables.{variable}", f"the source {node.source} has no column {place!r}",
                         f"it has {', '.join(columns)}")


def _columns(source: AnySource, report: Report, path: str) -> tuple[str, ...]:
    """What the source can answer, as far as it shows now."""
    if isinstance(source, CsvSource):
        try:
            return read_table(source).columns
        except TableFault as fault:
            for problem in fault.problems[:MANY]:
                report.warning(f"{path}.file", f"{source.file}:{problem}", "mend it; until then look-ups fail, or are "
                                                                           "answered from what was there before")
        except SourceFault as fault:
            report.warning(f"{path}.file", str(fault), "until it is there, look-ups fail")
    elif isinstance(source, SqliteSource):
        problem = Database(source.file, source.sql).problem()
        if problem:
            report.warning(f"{path}.sql", f"SQLite says: {problem}", "mend the statement, or the database")
    return ()
