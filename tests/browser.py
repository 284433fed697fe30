"""A real browser for the pages, which fails a test for any error on the console and any request to outside."""

import os
import shutil
from pathlib import Path

import pytest

PATIENCE = 60_000  # milliseconds; a machine may be busy
HERE = ("http://127.0.0.1:", "http://localhost:", "file:", "data:", "blob:", "about:")


@pytest.fixture(scope="session")
def chromium():
    """Return a running Chromium, or skip the test."""
    program = os.environ.get("PELLUCID_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no Chromium on this machine; install Debian's, or set PELLUCID_CHROMIUM to its place")
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        sync_api.expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium, tmp_path):
    """Return a function that opens an address, a file or HTML as text, and gives Playwright's page of it.

    width: 1280, or 390 for a phone.  dark: the reader's setting.  Afterwards no page may have had an error.
    """
    faults, contexts = [], []

    def told(message):
        if message.type in ("error", "warning"):
            faults.append(f"console: {message.text}")

    def asked(request):
        if not request.url.startswith(HERE):
            faults.append(f"a request to outside: {request.url}")

    def opened(source, width=1280, dark=False):
        if isinstance(source, str) and source.lstrip().startswith("<"):
            path = tmp_path / f"page-{len(contexts)}.html"
            path.write_text(source, "utf-8")
            source = path
        size = {"width": width, "height": 900 if width > 600 else 844}
        context = chromium.new_context(viewport=size, color_scheme="dark" if dark else "light")
        contexts.append(context)
        tab = context.new_page()
        tab.set_default_timeout(PATIENCE)
        tab.on("console", told)
        tab.on("pageerror", lambda error: faults.append(f"uncaught: {error}"))
        tab.on("request", asked)
        tab.goto(source.as_uri() if isinstance(source, Path) else source, wait_until="load")
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert faults == []
