"""A real browser for the pages, which fails a test for any error on the console and any request to outside."""

import os
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

PATIENCE = 60_000  # milliseconds; a machine may be busy
HERE = ("http://127.0.0.1:", "http://localhost:", "file:", "data:", "blob:", "about:")
FORGET = """() => {
  for (const kind of ["localStorage", "sessionStorage"]) {
    try { window[kind].clear(); } catch {}  // a page without a place of its own has none
  }
}"""


@contextmanager
def serving(routes_of):
    """Serve pages from this process, and give their address and routes.  routes_of: makes them, given the closing."""
    from pellucid.web.server import application, listening_socket, serve

    closing = threading.Event()
    routes = routes_of(closing)
    with listening_socket("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=serve, args=(application([routes]), listener, closing))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/", routes
        finally:
            closing.set()
            thread.join(10)


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


@pytest.fixture(scope="session")
def first_tab(chromium):
    """Return a function that gives one tab, the same for all tests: a new one each would take half their time."""
    tabs = []

    def given():
        if not tabs or tabs[0].is_closed():
            tabs[:] = [chromium.new_context().new_page()]
        return tabs[0]

    return given


@pytest.fixture
def page(chromium, first_tab, tmp_path):
    """Return a function that opens an address, a file or HTML as text, and gives Playwright's page of it.

    width: 1280, or 390 for a phone.  dark: the reader's setting.  Afterwards no page may have had an error.
    """
    faults, tabs = [], []

    def told(message):
        if message.type in ("error", "warning"):
            faults.append(f"console: {message.text}")

    def failed(error):
        faults.append(f"uncaught: {error}")

    def asked(request):
        if not request.url.startswith(HERE):
            faults.append(f"a request to outside: {request.url}")

    heard = {"console": told, "pageerror": failed, "request": asked}

    def opened(source, width=1280, dark=False):
        if isinstance(source, str) and source.lstrip().startswith("<"):
            path = tmp_path / f"page-{len(tabs)}.html"
            path.write_text(source, "utf-8")
            source = path
        tab = chromium.new_context().new_page() if tabs else first_tab()
        tabs.append(tab)
        tab.set_viewport_size({"width": width, "height": 900 if width > 600 else 844})
        tab.emulate_media(media="screen", color_scheme="dark" if dark else "light")
        tab.set_default_timeout(PATIENCE)
        for event, listener in heard.items():
            tab.on(event, listener)
        tab.goto(source.as_uri() if isinstance(source, Path) else source, wait_until="load")
        return tab

    yield opened
    for tab in tabs[1:]:
        tab.context.close()
    for tab in tabs[:1]:
        for other in tab.context.pages:
            if other != tab:
                other.close()
        if not tab.is_closed():
            tab.unroute_all()
            tab.evaluate(FORGET)
            tab.goto("about:blank")
            tab.context.clear_cookies()
            for event, listener in heard.items():
                tab.remove_listener(event, listener)
    assert faults == []
