#!/usr/bin/env python3
"""Shows that a browser's own WebSocket talks with the server: two radios in one page of headless
Chromium, and that pages of other origins are refused.

Usage: browser_test.py PARLEY CHROMIUM
Prints a line for each case, then `N passed, M failed`; exits 0 if none failed.
"""
import contextlib
import http.server
import json
import os
import pathlib
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.parse

from parley_testing import Cases, Server, check, check_equal

CLIENTS = pathlib.Path(__file__).parent / "clients"
FILES = {"/page.html": "text/html", "/two_radios.mjs": "text/javascript"}
BROWSER_MAX_S = 60  # it takes two; a loaded machine may need long to start one
HEARD = {"frames": 50, "text": "heard you", "codes": [1000, 1000]}


@contextlib.contextmanager
def page_server():
    """Serves the page on a port of its own; gives its origin, and where the results come out."""
    results = queue.Queue()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            path = urllib.parse.urlparse(self.path).path
            if path not in FILES:
                return self.answer(404, "text/plain", b"")
            self.answer(200, FILES[path], (CLIENTS / path[1:]).read_bytes())

        def do_POST(self):
            results.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.answer(200, "text/plain", b"")

        def answer(self, status, content_type, body):
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", results
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def what_the_page_says(chromium, origin, results, server_url):
    query = urllib.parse.urlencode({"server": server_url})
    # Chromium's own helpers outlive it for a moment and still write into the profile, hence
    # ignore_cleanup_errors, and a process group to end them by.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = subprocess.Popen(
            [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", "--disable-background-networking", "--ignore-certificate-errors",
             "--remote-debugging-port=0",  # without it, headless ends once the page is loaded
             f"--user-data-dir={profile}", f"{origin}/page.html?{query}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
        try:
            return results.get(timeout=BROWSER_MAX_S)
        except queue.Empty:
            return {"failure": f"the page said nothing within {BROWSER_MAX_S} s"}
        finally:
            os.killpg(browser.pid, signal.SIGKILL)
            browser.wait()


def talks(chromium, parley, extensions, *options):
    with page_server() as (origin, results):
        with Server.trusting(parley, "--allow-origin", origin, *options) as server:
            seen = what_the_page_says(chromium, origin, results, server.url)
            check("failure" not in seen, seen.get("failure"))
            check_equal(seen["extensions"].split(";")[0], extensions, "what was agreed on")
            check_equal({name: seen[name] for name in HEARD}, HEARD, "what the radios heard")


def is_refused(chromium, parley):
    with page_server() as (origin, results):
        with Server.trusting(parley, "--allow-origin", "https://example.com") as server:
            seen = what_the_page_says(chromium, origin, results, server.url)
            check_equal(seen, {"failure": "alice was closed with 1006"}, "what the page says")


def main():
    parley, chromium = sys.argv[1:3]
    cases = Cases()
    compressed = "permessage-deflate"
    cases.run("two radios in one page talk", talks, chromium, parley, compressed)
    cases.run("... with contexts that are taken over", talks, chromium, parley, compressed,
              "--deflate", "takeover")
    cases.run("... without compression", talks, chromium, parley, "", "--deflate", "off")
    cases.run("... over TLS", talks, chromium, parley, compressed, "--tls-self-signed")
    cases.run("a page of another origin is refused", is_refused, chromium, parley)
    return cases.finish()


if __name__ == "__main__":
    sys.exit(main())
