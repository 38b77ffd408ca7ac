"""A supervisor's browser: Debian's Chromium, headless, before the daemon on simulated lines."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions, ChromeService

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
SCREENS = ((1366, 768), (1920, 1080))
ARTEFACTS = Path(os.environ.get("CCAPPLIANCE_ARTEFACTS", "build/screens"))


@contextmanager
def chromium(language: str, size: tuple[int, int] = SCREENS[0]) -> Iterator[Chrome]:
    """`language`: of the browser, "zh-CN" or "en"."""
    if not (BROWSER and DRIVER):
        raise FileNotFoundError("chromium and chromium-driver are missing: run `make setup-test`")
    options = ChromeOptions()
    options.binary_location = BROWSER
    options.accept_insecure_certs = True  # the machine's own; its fingerprint is tested elsewhere
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--lang={language}"):
        options.add_argument(word)
    options.add_experimental_option("prefs", {"intl.accept_languages": language})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = Chrome(options=options, service=ChromeService(DRIVER))
    try:
        browser.set_window_size(*size)
        yield browser
    finally:
        browser.quit()


def complaints(browser: Chrome) -> list[str]:
    """Errors of its console; the machine's own certificate is none."""
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def picture(browser: Chrome, name: str) -> None:
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    browser.save_screenshot(str(ARTEFACTS / f"{name}.png"))


def told(box: Any, *words: str) -> Any:
    """A command's JSON answer."""
    done = box.cli(*words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
