"""The supervisor's desk in a real browser before a real daemon: every view, both languages, no complaint."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
pytest.importorskip("selenium", reason="selenium is missing: run `make setup-test`")

from browser_supervisor import BROWSER, DRIVER, SCREENS, chromium, complaints, picture, told
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from test_daemon import PATIENCE, Box

pytestmark = [pytest.mark.slow,
              pytest.mark.skipif(not (BROWSER and DRIVER), reason="chromium is missing: run `make setup-test`")]
PASSWORD = "correct horse battery"
VIEWS = ("wallboard", "agents", "queues", "calls", "recordings", "reports")
TITLES = {"en": "Supervisor desk", "zh": "班长台"}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    box = Box(tmp_path)
    yield box
    box.close()


def test_every_view_is_drawn_in_both_languages_and_a_force_reaches_the_agent(box: Box) -> None:
    box.start()
    box.told("READY=1")
    address, code = told(box, "web", "certificate")["address"], told(box, "users", "setup-code")["code"]
    assert box.cli("agents", "login", "--agent", "1001", "--station", "8001").returncode == 0
    with chromium("en") as browser:
        wait = WebDriverWait(browser, PATIENCE)

        def find(selector: str) -> Any:
            return wait.until(lambda one: one.find_element(By.CSS_SELECTOR, selector), selector)

        browser.get(address)
        for name, value in (("code", code), ("user", "chief"), ("password", PASSWORD)):
            find(f"input[name={name}]").send_keys(value)
        find("form button").click()
        for language, title in TITLES.items():
            wait.until(lambda one, title=title: title in one.find_element(By.CSS_SELECTOR, "header").text, title)
            for size in SCREENS:
                browser.set_window_size(*size)
                for view in VIEWS:
                    find(f"[data-view={view}]").click()
                    find(f"[data-view={view}][aria-current=page]")
                    find("section .sup-figures, section .sup-card, section .sup-queue, section form")
                    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth"), view
                    picture(browser, f"supervisor-{view}-{language}-{size[0]}")
            find("header button[lang]").click()
        find("[data-view=agents]").click()
        for verb, state in (("force_pause", "paused"), ("force_ready", "ready")):
            find(f"[data-agent='1001'] [data-verb={verb}]").click()
            find(f"[data-agent='1001'].sup-state-{state}")
        assert complaints(browser) == []
    assert told(box, "agents", "show", "--agent", "1001")["state"] == "ready"
    assert box.end(signal.SIGTERM)[0] == 0
