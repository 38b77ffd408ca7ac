"""The YAML reader: bytes of one file → a tree whose every value knows its place; any bytes give a tree or findings.

YAML is composed, never constructed: no Python objects are made from tags, and texts stay exactly as written. Of YAML
1.1 we take anchors, aliases and merge keys (`<<`); own tags are refused.
"""

import yaml
from yaml.composer import ComposerError
from yaml.nodes import MappingNode, ScalarNode, SequenceNode
from yaml.reader import ReaderError

from ccappliance.base.limits import MAX_CONFIG_DEPTH, MAX_CONFIG_FILE, MAX_CONFIG_NODES
from ccappliance.config.tree import Entry, Findings, Items, Meaning, Node, Place, Scalar, Table

_STANDARD = "tag:yaml.org,2002:"
_MEANINGS = {
    "str": Meaning.TEXT, "value": Meaning.TEXT, "merge": Meaning.TEXT, "int": Meaning.NUMBER, "float": Meaning.NUMBER,
    "bool": Meaning.BOOLEAN, "null": Meaning.NOTHING, "timestamp": Meaning.DATE,
}
# What PyYAML says → what to do about it.
_ADVICE = (
    ("mapping values are not allowed", "check the indentation, and put texts that contain ': ' in quotes"),
    ("cannot start any token", "put the text in quotes: this character has a meaning in YAML"),
    ("expected alphabetic or numeric character", "put '*' and '&' in quotes: they have a meaning in YAML"),
    ("found undefined alias", "put '*' in quotes, or define the anchor before it is used"),
    ("could not find expected ':'", "check the indentation, or the ':' of this line and the one above"),
    ("found unexpected end of stream", "a quote is opened and never closed"),
    ("found another document", "take the '---' away: one file is one document"),
    ("expected <block end>", "check the indentation: all keys of a section begin in the same column"),
)


def parse(data: bytes, file: str, findings: Findings) -> Table | None:
    """The table in `data`; an empty file is an empty table. None if the file cannot be read as YAML (see findings)."""
    top = Place(file, 1, 1)
    text = _decoded(data, file, findings)
    if text is None:
        return None
    try:
        root = _Loader(text).get_single_node()
        if root is None:
            return Table({}, top)
        node = _Converter(file, findings).convert(root)
    except ReaderError as error:
        findings.error(_place_in(text, error.position, file), "yaml",
                       f"the character U+{_code(error.character):04X} is not allowed in YAML", "take it away")
        return None
    except yaml.MarkedYAMLError as error:
        _tell(error, text, file, findings)
        return None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # PyYAML lets chr() and int() complain of escapes and directives that are out of range.
        findings.error(top, "yaml", f"not valid YAML: {error}", "check escapes like \\U… and lines that begin with %")
        return None
    if isinstance(node, Scalar) and node.meaning is Meaning.NOTHING:
        return Table({}, top)
    if not isinstance(node, Table):
        findings.error(node.place, "yaml", "the file must consist of `key: value` lines")
        return None
    return node


def _decoded(data: bytes, file: str, findings: Findings) -> str | None:
    if len(data) > MAX_CONFIG_FILE:
        findings.error(Place(file, 1, 1), "yaml", f"the file is larger than {MAX_CONFIG_FILE // 1024} KiB",
                       "split it: all *.yaml files of the directory are read")
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[:error.start].decode("utf-8", "replace")
        findings.error(_place_in(before, len(before), file), "yaml",
                       f"the byte 0x{data[error.start]:02x} is not UTF-8", "save the file in UTF-8, not GBK or UTF-16")
        return None


def _place_in(text: str, position: int, file: str) -> Place:
    before = text[:position]
    return Place(file, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


def _code(character: object) -> int:
    """PyYAML gives the offending character as a number or as a character."""
    return character if isinstance(character, int) else ord(str(character)[:1] or "\0")


def _tell(error: yaml.MarkedYAMLError, text: str, file: str, findings: Findings) -> None:
    mark = error.problem_mark or error.context_mark
    place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
    problem = str(error.problem or error)
    lines = text.split("\n")
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    if "\t" in line[:len(line) - len(line.lstrip())] or line[place.column - 1:place.column] == "\t":
        advice = "indent with spaces: YAML allows no tabs there"
    else:
        advice = next((words for said, words in _ADVICE if said in problem), "")
    context = ""
    if error.context and error.context_mark and error.context_mark.line + 1 != place.line:
        context = f" {error.context} that begins in line {error.context_mark.line + 1}"
    findings.error(place, "yaml", f"not valid YAML: {problem}{context}", advice)


class _Loader(yaml.SafeLoader):
    """PyYAML's composer with a bound on its recursion."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: object) -> yaml.Node | None:
        self._depth += 1
        if self._depth > MAX_CONFIG_DEPTH:
            raise ComposerError(None, None, f"more than {MAX_CONFIG_DEPTH} levels inside each other",
                                self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        node: yaml.Node | None = super().compose_node(parent, index)  # type: ignore[arg-type]
        self._depth -= 1
        return node


class _Converter:
    """PyYAML's nodes → ours: follows aliases, applies merge keys, finds keys given twice and endless anchors."""

    def __init__(self, file: str, findings: Findings) -> None:
        self._file = file
        self._findings = findings
        self._inside: list[yaml.Node] = []
        self._count = 0

    def convert(self, node: yaml.Node) -> Node:
        """Raises ComposerError when the tree is endless or too large."""
        self._count += 1
        if any(node is outer for outer in self._inside):
            raise ComposerError(None, None, "this anchor contains an alias to itself", node.start_mark)
        if len(self._inside) >= MAX_CONFIG_DEPTH or self._count > MAX_CONFIG_NODES:
            raise ComposerError(None, None, "too many or too deeply nested values, aliases followed", node.start_mark)
        place = self._place(node)
        self._inside.append(node)
        try:
            if isinstance(node, MappingNode):
                self._standard(node, "map")
                return Table(self._entries(node), place)
            if isinstance(node, SequenceNode):
                self._standard(node, "seq")
                return Items(tuple(self.convert(item) for item in node.value), place)
            return self._scalar(node, place)
        finally:
            self._inside.pop()

    def _place(self, node: yaml.Node) -> Place:
        return Place(self._file, node.start_mark.line + 1, node.start_mark.column + 1)

    def _standard(self, node: yaml.Node, kind: str) -> None:
        if node.tag != _STANDARD + kind:
            self._findings.error(self._place(node), "yaml", f"the tag {node.tag!r} is not used here", "take it away")

    def _scalar(self, node: yaml.Node, place: Place) -> Scalar:
        text = str(node.value)
        meaning = _MEANINGS.get(node.tag.removeprefix(_STANDARD)) if isinstance(node, ScalarNode) else None
        if meaning is None:
            self._findings.error(place, "yaml", f"the tag {node.tag!r} is not used here", "take it away")
            meaning = Meaning.TEXT
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            self._findings.error(place, "yaml", "half of a surrogate pair is no character",
                                 "write the character itself, or \\U with eight digits")
            text = text.encode("utf-8", "replace").decode("utf-8")
        return Scalar(text, meaning, place)

    def _entries(self, node: MappingNode) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        merged: dict[str, Entry] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                self._findings.error(self._place(key_node), "yaml", "a key must be a word, not a list or table",
                                     "put texts that begin with [ or { in quotes")
                continue
            key = self._scalar(key_node, self._place(key_node))
            value = self.convert(value_node)
            if key_node.tag == _STANDARD + "merge":
                self._take(merged, value)
            elif key.text in entries:
                self._findings.error(key.place, key.text, f"given twice: first at {entries[key.text].key.place}",
                                     "keep one of them")
            else:
                entries[key.text] = Entry(key, value)
        return merged | entries if merged else entries

    def _take(self, merged: dict[str, Entry], value: Node) -> None:
        """A merge key's table, or list of tables of which the first that has a key wins (yaml.org/type/merge.html)."""
        for table in value.items if isinstance(value, Items) else (value,):
            if isinstance(table, Table):
                for name, entry in table.entries.items():
                    merged.setdefault(name, entry)
            else:
                self._findings.error(table.place, "<<", "only tables can be merged")
