"""The documentation is complete: every fact, cause, command, operation and key stands in it, and its files exist."""

import re
from pathlib import Path

from ccappliance.base.causes import Cause
from ccappliance.call.facts import Kinds
from ccappliance.config.schema import markdown
from ccappliance.interfaces.cli.main import build
from ccappliance.site import Site

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_every_fact_and_field_is_documented() -> None:
    page = text("docs/journal.md")
    for name, kind in Kinds.BY_NAME.items():
        row = re.search(rf"^\| `{name}` \| (.*?) \|", page, re.MULTILINE)
        assert row, f"docs/journal.md says nothing of {name}"
        fields = re.findall(r"`(\w+)`", row.group(1))
        assert fields == list(kind.__dataclass_fields__), f"docs/journal.md: fields of {name}"


def test_every_cause_is_documented() -> None:
    page = text("docs/causes.md")
    for cause in Cause:
        assert f"| {int(cause)} | {cause.words} | {cause.words_zh} |" in page, cause


def test_the_reference_of_keys_is_what_the_settings_say() -> None:
    assert text("docs/configuration.md") == markdown(Site), "run `make docs`"


def test_every_kind_of_destination_is_documented() -> None:
    page = text("docs/routes.md")
    for name in Site().destinations():
        assert f"`{name}`" in page, name
    for kind in ("flow", "queue", "station", "trunk"):
        assert f"`{kind}:" in page, kind


def test_every_command_is_documented() -> None:
    page = text("docs/commands.md")

    def walk(command: object, path: list[str]) -> list[str]:
        inner = getattr(command, "list_commands", None)
        if inner is None:
            return [" ".join(path)]
        names = []
        for name in inner(None):
            names += walk(command.get_command(None, name), [*path, name])  # type: ignore[attr-defined]
        return names

    for name in walk(build(), []):
        assert f"`ccappliance {name}" in page, f"docs/commands.md says nothing of `ccappliance {name}`"


def test_readme_names_the_two_commands_and_its_links_exist() -> None:
    page = text("README.md")
    assert "make run" in page
    assert "make test" in page
    for link in re.findall(r"\]\((?!http)([^)#]+)", page):
        assert (ROOT / link).exists(), f"README.md links to {link}"


def test_ci_calls_make_test() -> None:
    assert "make test" in text(".ci/run")
