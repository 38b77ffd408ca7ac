"""The OpenAPI document: valid, complete, and true: schemathesis asks the real server what the document promises."""

import asyncio
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from web_house import Browser, WebHouse, play

from ccappliance.interfaces.web.access import NOT_FOR_TOKENS, SCOPES
from ccappliance.interfaces.web.openapi import document
from ccappliance.interfaces.web.route import STREAM
from ccappliance.interfaces.web.routes import ROUTES
from ccappliance.interfaces.web.schema import Schemas

ROOT = Path(__file__).resolve().parent.parent.parent
TOOLS = ROOT / ".venv" / "api" / "bin"  # made by `make setup-test`
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
EXAMPLES = 3  # of each of 81 requests


async def asked(house: WebHouse) -> dict[str, Any]:
    found: dict[str, Any] = await house.operations.run("web.openapi", {}, "cli:root")
    return found


def test_every_route_is_told_with_its_right_and_parameters(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Callable[[], Browser]) -> None:
        told = await asked(house)
        for route in ROUTES:
            if route.method == STREAM:
                continue
            action = told["paths"][route.path][route.method.lower()]
            assert [one["name"] for one in action["parameters"] if one["in"] == "path"] == list(route.places)
            assert (f"`{route.scope}`" in action["description"]) == bool(route.scope), route
            assert ("security" in action) == route.open, route
            assert ("requestBody" in action) == route.in_body, route
        row = told["components"]["schemas"]["AgentRow"]
        assert row["properties"]["until"] == {"anyOf": [{"type": "number"}, {"type": "null"}]}
        assert "number" in row["required"]
        chief = browser()
        await house.user("chief", "admin")
        await chief.sign_in("chief")
        assert (await chief.ask("GET", "/api/v1/openapi.json")).json == told
    play(tmp_path, story)


def test_a_type_without_a_schema_is_a_bug_of_the_table() -> None:
    with pytest.raises(TypeError):
        Schemas().of(set[str])
    assert document([], {}, "1")["paths"] == {}


@pytest.mark.slow
def test_the_document_is_valid(tmp_path: Path) -> None:
    async def story(house: WebHouse, browser: Callable[[], Browser]) -> None:
        (tmp_path / "openapi.json").write_text(json.dumps(await asked(house)))
    play(tmp_path, story)
    assert TOOLS.exists(), "run `make setup-test`"
    done = subprocess.run([TOOLS / "python", "-m", "openapi_spec_validator", tmp_path / "openapi.json"],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_server_keeps_what_the_document_promises(tmp_path: Path, seed: int) -> None:
    """Every route with right and wrong requests, drawn from the seed; never a 500, never another shape."""
    async def story(house: WebHouse, browser: Callable[[], Browser]) -> None:
        await house.user("chief", "admin")
        file = tmp_path / "openapi.json"
        file.write_text(json.dumps(await asked(house)))
        _, secret = await house.server.accounts.make_token("t", sorted(set(SCOPES) - NOT_FOR_TOKENS), 1, "cli:root")
        assert TOOLS.exists(), "run `make setup-test`"
        process = await asyncio.create_subprocess_exec(
            TOOLS / "python", "-m", "schemathesis.cli", "run", file, "--url", house.base + "/api/v1",
            "-H", f"Authorization: Bearer {secret}", "--checks", CHECKS, "--phases", "fuzzing", "--mode", "all",
            "--max-examples", str(EXAMPLES), "--seed", str(seed), "--generation-database", "none", "--no-color",
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output, _ = await process.communicate()
        assert process.returncode == 0, f"seed {seed}\n{output.decode()[-6000:]}"
    play(tmp_path, story, within=170)
