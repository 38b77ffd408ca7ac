"""Nodes that only decide and remember: language, branch and set. They take no time and are not heard."""

from ccappliance.apps.ivr.settings import Branch, Language, Set
from ccappliance.apps.ivr.visit import Visit


async def language(node: Language, visit: Visit) -> str:
    """The caller's language from now on."""
    visit.call.language = node.to
    return node.next


async def branch(node: Branch, visit: Visit) -> str:
    """The first case that is true."""
    for case in node.cases:
        if visit.compute(case.when):
            return case.next
    return node.otherwise


async def set_variables(node: Set, visit: Visit) -> str:
    """Set the variables in the order written: a later one sees the earlier ones."""
    for name, source in node.variables.items():
        visit.call.variables[name] = visit.compute(source)
    return node.next
