"""What is configured, what changed, and the descriptions made from the declarations."""



import json
from dataclasses import dataclass, replace

from config_sample import Site, System, bound

from ccappliance.config.keys import key
from ccappliance.config.schema import describe, markdown, schema
from ccappliance.config.show import changes, show

TEXT = 'system: {pin: "42"}\nqueues: {a: {wrapup: 1m}}\nroutes: [{to: x}]\nflows: {m: {nodes: {start: {type: menu}}}}'


def test_show_tells_every_key_with_its_origin() -> None:
    rows = {row.path: row for row in show(bound(TEXT))}
    assert (rows["queues.a.wrapup"].value, rows["queues.a.wrapup"].unit, rows["queues.a.wrapup"].origin) == (
        60.0, "s", "a.yaml:2:22")
    assert rows["system.name"].origin == "default"
    assert rows["system.pin"].value == "********"
    assert rows["system.opens"].value == "09:00:00"
    assert rows["routes[0].to"].value == "x"
    assert rows["routes[0].from"].value == ""
    assert rows["flows.m.nodes.start.type"].value == "menu"
    assert rows["flows.m.nodes.start.tries"].value == 3
    assert "42" not in json.dumps([row.as_dict() for row in rows.values()])


def test_the_same_text_has_no_changes() -> None:
    assert changes(bound(TEXT), bound(TEXT)) == []


def test_changes_tell_what_needs_a_restart() -> None:
    found = changes(bound(TEXT), bound('system: {pin: "43", cards: 2, opens: 10:00}\nqueues: {b: {}}\n'
                                       "routes: [{to: y}]\nflows: {m: {nodes: {start: {type: play, prompt: p}}}}"))
    told = {change.path: change for change in found}
    assert [(path, change.kind) for path, change in told.items()] == [
        ("system.opens", "changed"), ("system.pin", "changed"), ("system.cards", "changed"), ("queues.a", "removed"),
        ("queues.b", "added"), ("routes[0].to", "changed"), ("flows.m.nodes.start", "changed")]
    assert [change.path for change in found if not change.reload] == ["system.cards"]
    assert told["system.pin"].new == "********"
    assert told["system.opens"].as_dict() == {"path": "system.opens", "old": "09:00:00", "new": "10:00:00",
                                              "reload": True, "kind": "changed"}
    assert told["flows.m.nodes.start"].new == {"type": "play", "prompt": "p"}


def test_what_is_inside_a_section_that_needs_a_restart_needs_it_too() -> None:
    @dataclass(frozen=True)
    class Outer:
        system: System = key(factory=System, doc="The box.", reload=False)

    (change,) = changes(Outer(), Outer(replace(System(), name="x")))
    assert (change.path, change.reload) == ("system.name", False)


def test_describe_and_markdown_know_every_key() -> None:
    docs = {doc.path: doc for doc in describe(Site)}
    assert docs["queues.<name>.wrapup"].type == "duration"
    assert docs["queues.<name>.wrapup"].bounds == "0 to 3600"
    assert docs["routes[].to"].required
    assert docs["flows.<name>.nodes.<name>(menu).tries"].default == "3"
    assert docs["system.side"].bounds == "one of left, right"
    assert docs["hello"].type == "text or list of text"
    text = markdown(Site)
    for doc in docs.values():
        assert f"| `{doc.path.rpartition('.')[2]}`" in text, doc.path
        assert doc.doc in text
    assert "| `to` | text | **required** |" in text
    assert "*(restart)*" in text


def test_the_schema_is_closed_and_complete() -> None:
    found = schema(Site)
    json.dumps(found)
    name = found["$ref"].removeprefix("#/$defs/")
    site = found["$defs"][name]
    assert list(site["properties"]) == ["system", "queues", "routes", "flows", "hello"]
    assert site["additionalProperties"] is False
    for definition in found["$defs"].values():
        assert definition["type"] == "object"
    menu = next(part for key_, part in found["$defs"].items() if key_.endswith(".Menu"))
    assert menu["properties"]["type"] == {"const": "menu"}
    queue = next(part for key_, part in found["$defs"].items() if key_.endswith(".Queue"))
    assert queue["properties"]["wrapup"]["default"] == 10.0
    route = next(part for key_, part in found["$defs"].items() if key_.endswith(".Route"))
    assert route["required"] == ["to"]
