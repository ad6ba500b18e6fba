#!/usr/bin/env python3
"""Pictures of the status page of a sample application that runs: screenshot.py URL TOKEN FOLDER

Sends some traffic, part of which fails on purpose, has chromium open URL/status while that goes on, and writes FOLDER/status.png,
status-dark.png and status-narrow.png. Environment: LOOK_SECONDS, how long the page looks on (90).
"""

import base64
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

FLAGS = ["--headless", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-lcd-text", "--hide-scrollbars"]
# Name, width, height, scheme.
PICTURES = [("status", 1280, 820, "light"), ("status-dark", 1280, 820, "dark"), ("status-narrow", 360, 820, "light")]


class Browser:
    """Chromium by chromedriver (W3C WebDriver)."""

    def __init__(self, folder: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.driver = subprocess.Popen(["chromedriver", f"--port={self.port}", "--silent"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.session = ""
        try:
            wait_for("chromedriver", lambda: answers(self.port))
            options = {"args": [*FLAGS, f"--user-data-dir={folder}"]}
            answer = self.ask("", {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}})
            self.session = f"/{answer['sessionId']}"
        except BaseException:
            self.close()
            raise

    def ask(self, path: str, body: dict | None, method: str = "POST"):
        """One command; the answer is its value."""
        data = None if body is None else json.dumps(body).encode()
        target = f"http://127.0.0.1:{self.port}/session{self.session}{path}"
        request = urllib.request.Request(target, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)["value"]

    def devtools(self, command: str, **parameters):
        """One of the commands that are Chromium's own."""
        return self.ask("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def picture(self, width: int, height: int, scheme: str) -> bytes:
        """The page in a window of this size."""
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        # The charts are drawn anew in one of the next frames.
        time.sleep(0.5)
        return base64.b64decode(self.devtools("Page.captureScreenshot", format="png")["data"])

    def close(self) -> None:
        """Ends both."""
        try:
            if self.session:
                self.ask("", None, "DELETE")
        finally:
            self.driver.terminate()
            self.driver.wait()


class Traffic:
    """Requests from a few threads until it is told to end."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token
        self.is_over = threading.Event()
        names = self.get("/api/resources?select=id&limit=50", {})
        self.ids = [row["id"] for row in json.loads(names)["data"]]
        self.threads = [threading.Thread(target=self.work, args=(number,)) for number in range(3)]

    def get(self, path: str, headers: dict, body: dict | None = None, method: str | None = None) -> bytes:
        """The body of a response, whatever its status."""
        data = None if body is None else json.dumps(body).encode()
        headers = {**headers, "Content-Type": "application/json"} if data else headers
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.read()
        except urllib.error.HTTPError as error:
            return error.read()

    def work(self, number: int) -> None:
        """One thread: mostly reads, some writes, now and then a mistake; more and less of it in waves."""
        dice = random.Random(number)
        known = {"Authorization": f"Bearer {self.token}"}
        began = time.monotonic()
        while not self.is_over.is_set():
            draw = dice.random()
            if draw < 0.72:
                self.get(f"/api/resources/{dice.choice(self.ids)}", {})
            elif draw < 0.9:
                self.get(f"/api/resources?select=id,name,price&order=price.desc&limit=20&price=gte.{dice.randrange(100)}", {})
            elif draw < 0.92:
                self.get("/api/resources", known, {"name": f"Kettle {dice.randrange(1000)}", "price": 12.5, "tags": ["tin"]})
            elif draw < 0.935:
                self.get("/auth/me", known)
            elif draw < 0.975:
                # Somebody guesses a password: 401, and 429 before long.
                self.get("/auth/login", {}, {"email": "nobody@example.org", "password": "wrong"})
            elif draw < 0.99:
                # Nothing of that is in the cache: 504.
                self.get(f"/api/resources?select=id&limit={dice.randrange(1, 50)}", {"Cache-Control": "only-if-cached"})
            else:
                self.get(dice.choice(["/auth/me", "/api/resources/none", "/api/nothing"]), {"Authorization": "Bearer wrong"})
            wave = (time.monotonic() - began) % 20 < 11
            self.is_over.wait(0.25 if wave else 0.6)

    def __enter__(self) -> None:
        for thread in self.threads:
            thread.start()

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join()


def answers(port: int) -> bool:
    """Whether somebody listens."""
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0


def wait_for(what: str, holds, seconds: float = 20) -> None:
    """Polls until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            sys.exit(f"{what} is not there")
        time.sleep(0.1)


def main() -> None:
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    url, token, folder = sys.argv[1:]
    with tempfile.TemporaryDirectory() as profile, Traffic(url, token):
        browser = Browser(profile)
        try:
            browser.ask("/url", {"url": f"{url}/status"})
            time.sleep(float(os.environ.get("LOOK_SECONDS", "90")))
            for name, width, height, scheme in PICTURES:
                (Path(folder) / f"{name}.png").write_bytes(browser.picture(width, height, scheme))
        finally:
            browser.close()


main()
