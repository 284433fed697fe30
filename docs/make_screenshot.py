"""Make docs/images/playground.png: the playground after some 1,500 iterations of the flower, as a reader will find it.

python docs/make_screenshot.py        (wants Chromium; PELLUCID_CHROMIUM names it where it is not `chromium`)
"""

import io
import os
import shutil
import threading
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from pellucid.web.photos.routes import PhotoRoutes
from pellucid.web.playground.routes import PlaygroundRoutes
from pellucid.web.server import application, listening_socket, serve

ITERATIONS = 1500
OUT = Path(__file__).parent / "images" / "playground.png"


def main() -> None:
    """Serve the page, learn, take the picture, write it with few colours."""
    closing = threading.Event()
    with listening_socket("127.0.0.1", 0) as listener:
        app = application([PlaygroundRoutes(closing), PhotoRoutes(closing)])
        server = threading.Thread(target=serve, args=(app, listener, closing))
        server.start()
        try:
            png = taken(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        finally:
            closing.set()
            server.join(10)
    image = Image.open(io.BytesIO(png)).convert("RGB").quantize(200, dither=Image.Dither.NONE)
    image.save(OUT, optimize=True)


def taken(address: str) -> bytes:
    """Return a picture of the page at the address once its run has learned the flower."""
    with sync_playwright() as playwright:
        program = os.environ.get("PELLUCID_CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
        page.goto(address)
        page.get_by_role("button", name="Run", exact=True).click()
        while int(page.text_content("#furthest").replace(",", "")) < ITERATIONS:
            page.wait_for_timeout(100)
        page.get_by_role("button", name="Pause").click()
        page.wait_for_timeout(500)
        png = page.screenshot()
        browser.close()
    return png


if __name__ == "__main__":
    main()
