"""Drives the review page in headless Chromium, as a person with a keyboard would, and fails where anything is lost.

    apt-get install chromium
    python3 -m venv .venv && .venv/bin/pip install playwright
    make review-browser PYTHON=.venv/bin/python

50 conflicts are decided by keys alone, with the page loaded again after 12, a decision taken back after 20, a note at 30
and a skip at 33; while the 26th is under way the server is killed with SIGKILL and started anew. Then a phone, the keys'
list, a page of another origin that tries to post, and photographs outside the image folder. Screenshots at desktop and
phone width are left in the folder --out for somebody to look at.
"""
import argparse
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

from playwright.sync_api import sync_playwright

import queue_of_conflicts

COUNT = 50
IS_IDLE = "() => !document.body.hasAttribute('aria-busy')"
failures = []


def check(is_so, what):
    print(("ok    " if is_so else "WRONG ") + what, flush=True)
    if not is_so:
        failures.append(what)


class Desk:
    """`distill review` over a queue, which can be killed and started anew on the same port."""

    def __init__(self, distill, queue, images, answers, opinions=1):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.answers = answers
        self.command = [distill, "review", "--queue", queue, "--images", images, "--answers", answers,
                        "--port", str(self.port), "--reviewer", "ann", "--opinions", str(opinions)]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                urllib.request.urlopen(self.url + "api/state", timeout=1).read()
                return
            except OSError:
                time.sleep(0.05)
        sys.exit("the server did not start: " + " ".join(self.command))

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def rows(self):
        with open(self.answers) as file:
            return [json.loads(line) for line in file]

    def standing(self):
        """The last line of each person about each item."""
        return {(row["reviewer"], row["item"]): row for row in self.rows()}


def opened(browser, desk, elsewhere, errors, **context):
    """A page of the desk in a browser of its own, with the photograph shown."""
    page = browser.new_context(**context).new_page()
    page.on("request", lambda r: None if r.url.startswith((desk.url, "data:")) else elsewhere.append(r.url))
    page.on("console", lambda m: errors.append((m.text, m.location["url"])) if m.type == "error" else None)
    page.on("pageerror", lambda e: errors.append((str(e), "")))
    page.goto(desk.url)
    page.wait_for_selector("#question:not([hidden]), #end:not([hidden])")
    return page


def shown(page):
    page.wait_for_function("() => document.getElementById('photo').naturalWidth > 0")
    page.wait_for_function("() => document.getAnimations().every(a => a.playState !== 'running')")


def press(page, key):
    """Presses a key that leads to another item, and waits for it."""
    before = page.inner_text("#title")
    page.keyboard.press(key)
    page.wait_for_function(
        "t => document.getElementById('title').textContent !== t || !document.getElementById('end').hidden", arg=before)
    page.wait_for_function(IS_IDLE)


def decide_all(page, desk, out):
    """Decides all conflicts by keys; returns what was pressed for each item."""
    expected = {}
    for number in range(COUNT):
        if number == 12:
            page.reload()
            page.wait_for_selector("#question:not([hidden])")
        if number == 20:
            press(page, "u")
            check(page.inner_text("#title") == f"Item {number} of {COUNT}", "undo leads back to the item")
            press(page, "1")
            expected["item-19"] = "1"
        title = page.inner_text("#title")
        if title != f"Item {number + 1} of {COUNT}":
            check(False, f"item {number + 1} follows, not '{title}'")
            return expected
        if number == 25:
            desk.kill()
            page.keyboard.press("2")
            page.wait_for_selector("#alarm:not([hidden])")
            page.screenshot(path=f"{out}/server-away.png")
            check(page.inner_text("#title") == title, "without the server the item stays, and the page says so")
            desk.start()
            page.wait_for_function(
                "t => document.getElementById('title').textContent === t", arg=f"Item 27 of {COUNT}", timeout=20000)
            page.wait_for_function(IS_IDLE)
            expected["item-25"] = "2"
            continue
        if number == 30:
            page.keyboard.press("n")
            page.keyboard.type("the ridge is another one")
            page.keyboard.press("Escape")
            page.screenshot(path=f"{out}/note.png")
        key = "s" if number == 33 else "1" if number % 3 else "2"
        press(page, key)
        expected[f"item-{number}"] = key
    return expected


def compare(desk, expected, labels):
    standing = desk.standing()
    wrong = []
    for item, key in expected.items():
        row = standing.get(("ann", item), {})
        if row.get("label") != (None if key == "s" else labels[int(key) - 1]) or bool(row.get("skipped")) != (key == "s"):
            wrong.append(item)
    check(len(expected) == COUNT and not wrong, f"{COUNT} answers stand as they were given; lost or wrong: {wrong}")
    check(standing.get(("ann", "item-30"), {}).get("note") == "the ridge is another one", "the note is kept")


def try_phone(browser, desk, elsewhere, errors, out):
    phone = opened(
        browser, desk, elsewhere, errors, viewport={"width": 390, "height": 844}, device_scale_factor=2,
        has_touch=True, is_mobile=True, color_scheme="dark")
    phone.evaluate("localStorage.setItem('reviewer', 'bea')")
    phone.reload()
    phone.wait_for_selector("#question:not([hidden])")
    shown(phone)
    phone.screenshot(path=f"{out}/phone.png")
    phone.evaluate("scrollTo(0, document.body.scrollHeight)")
    phone.screenshot(path=f"{out}/phone-scrolled.png")
    covered = phone.evaluate(
        "document.querySelector('.answer:last-child').getBoundingClientRect().bottom"
        " - document.getElementById('decision').getBoundingClientRect().top")
    check(covered <= 0, "scrolled to its end, the page shows the last answer whole above the buttons")
    phone.evaluate("scrollTo(0, 0)")
    check(phone.evaluate("document.documentElement.scrollWidth") <= 390, "nothing is wider than the phone")
    small = phone.evaluate(
        "[...document.querySelectorAll('#decision button')].filter(b => b.offsetHeight && b.offsetHeight < 40).length")
    check(small == 0, "buttons are high enough for a finger")
    for _ in range(5):
        before = phone.inner_text("#title")
        phone.tap("#labels button:nth-child(2)")
        phone.wait_for_function("t => document.getElementById('title').textContent !== t", arg=before)
        phone.wait_for_function(IS_IDLE)
    check(sum(1 for who, _ in desk.standing() if who == "bea") == 5, "five items are decided by touch, by a second person")


def try_reading(browser, desk, elsewhere, errors, out):
    """What a screen reader is told, and where the keyboard is."""
    page = opened(browser, desk, elsewhere, errors, viewport={"width": 1440, "height": 900}, color_scheme="dark")
    page.evaluate("localStorage.setItem('reviewer', 'carl')")
    page.reload()
    page.wait_for_selector("#question:not([hidden])")
    shown(page)
    page.screenshot(path=f"{out}/desktop-dark.png")
    tree = page.locator("body").aria_snapshot()
    for name in ["Item 1 of 50", "What the teachers say", "Your decision", "Enlarge the photo"]:
        check(name in tree, f"a screen reader is told '{name}'")
    check("ada" not in tree and "bert" not in tree, "teachers' names are hidden before the decision")
    page.keyboard.press("?")
    page.screenshot(path=f"{out}/keys.png")
    page.keyboard.press("Escape")
    press(page, "1")
    page.wait_for_timeout(200)
    check(page.evaluate("document.activeElement.id") == "question", "after a decision the keyboard is on the next item")
    check("Saved" in page.inner_text("#status"), "and the decision was announced")
    check("ada" in page.inner_text("#last"), "names are shown once it is decided")


def try_several_photos(browser, desk, elsewhere, errors, out):
    """An item with three photos, of two columns: thumbnails, keys, the enlarged one."""
    for name, size in [("desktop", (1280, 800)), ("phone", (390, 844))]:
        page = opened(browser, desk, elsewhere, errors, viewport={"width": size[0], "height": size[1]})
        page.evaluate("localStorage.setItem('reviewer', 'dora')")
        page.reload()
        page.wait_for_selector("#question:not([hidden])")
        check(page.is_hidden("#thumbs"), "an item with one photo has no thumbnails")
        for _ in range(4):
            press(page, "ArrowRight")
        shown(page)
        names = page.locator("#thumbs button").all_inner_texts()
        check(names == ["photo", "found 1", "found 2"], f"three photos are named by their columns: {names}")
        sources = []
        for _ in range(4):
            shown(page)
            sources.append(page.get_attribute("#photo", "src"))
            page.keyboard.press("p")
        check(len(set(sources)) == 3 and sources[3] == sources[0], f"P goes round the photos: {sources}")
        check("found 1" in page.inner_text("#status"), "and says which is shown")
        page.click("#thumbs button:nth-child(3)")
        shown(page)
        page.wait_for_function("[...document.querySelectorAll('#thumbs img')].every(i => i.naturalWidth > 0)")
        page.screenshot(path=f"{out}/several-{name}.png")
        check(page.evaluate("document.documentElement.scrollWidth") <= size[0], "nothing is wider than the window")
        page.keyboard.press("z")
        check(page.get_attribute("#large", "src") == page.get_attribute("#photo", "src"), "Z enlarges the one that is shown")
        page.keyboard.press("Escape")
        page.evaluate("document.getElementById('question').focus()")
        press(page, "ArrowRight")
        check(page.is_hidden("#thumbs"), "the next item has one photo again")


def person(browser, desk, elsewhere, errors, name):
    """A browser of a person's own."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.add_init_script(f"localStorage.setItem('reviewer', '{name}')")
    page.on("request", lambda r: None if r.url.startswith((desk.url, "data:")) else elsewhere.append(r.url))
    page.on("pageerror", lambda e: errors.append((str(e), "")))
    page.goto(desk.url)
    page.wait_for_selector("#question:not([hidden]), #end:not([hidden])")
    return page


def try_sharing(arguments, browser, queue, photos, elsewhere, errors, folder):
    """Several people at once: nobody has an item before them that somebody else has, unless two are to decide it."""
    short = os.path.join(folder, "short.jsonl")
    with open(queue) as file, open(short, "w") as target:
        target.writelines(file.readlines()[:3])
    desk = Desk(arguments.distill, short, photos, os.path.join(folder, "shared.jsonl"))
    try:
        ann, bea, carl, dora = (person(browser, desk, elsewhere, errors, n) for n in ["ann", "bea", "carl", "dora"])
        titles = [page.inner_text("#title") for page in [ann, bea, carl]]
        check(titles == [f"Item {n} of 3" for n in [1, 2, 3]], f"three people have three items: {titles}")
        check(dora.inner_text("#end-title") == "Nothing for you right now", "and a fourth has none")
        check("ann (1), bea (1), carl (1)" in dora.inner_text("#end-text"), f"but is told: {dora.inner_text('#end-text')}")
        dora.screenshot(path=f"{folder}/waiting.png")
        ann.keyboard.press("ArrowRight")
        ann.wait_for_function("() => document.getElementById('status').textContent.includes('no item for you')")
        check(ann.inner_text("#title") == "Item 1 of 3", "keys lead to no item that others have")
        press(ann, "1")
        check("bea (1), carl (1)" in ann.inner_text("#end-text"), "who has nothing left is told what may come back")
        press(bea, "s")
        dora.evaluate("lookAgain()")
        dora.wait_for_selector("#question:not([hidden])")
        check(dora.inner_text("#title") == "Item 2 of 3", "what one skips comes to another by itself")
        desk.kill()
        desk.start()
        carl.evaluate("renew()")
        carl.wait_for_function("() => document.getElementById('alarm').hidden")
        press(dora, "2")
        check("carl (1)" in dora.inner_text("#end-text"), "a page that is open claims its item again from a server that was lost")
        # A page that slept while others decided what it shows.
        with open(desk.answers, "a") as file:
            file.write('{"item": "item-2", "reviewer": "eve", "label": "pristine"}\n')
        press(carl, "1")
        carl.wait_for_function("() => document.getElementById('alarm').textContent.startsWith('Not kept')")
        check(carl.is_visible("#alarm") and carl.is_visible("#end"), "what others have decided is not decided again, and said")
        check(not any(who == "carl" for who, _ in desk.standing()), "and nothing is added")
        ann.evaluate("lookAgain()")
        ann.wait_for_function("() => document.getElementById('end-title').textContent === 'All decided'")
    finally:
        desk.kill()
    desk = Desk(arguments.distill, short, photos, os.path.join(folder, "twice.jsonl"), opinions=2)
    try:
        ann, bea = (person(browser, desk, elsewhere, errors, n) for n in ["ann", "bea"])
        check(ann.inner_text("#title") == bea.inner_text("#title"), "two have one item where two opinions are wanted")
        for key in "112":
            press(ann, key)
        check("3 items are open to other people" in ann.inner_text("#end-text"), f"{ann.inner_text('#end-text')}")
        for key in "122":
            press(bea, key)
        text = bea.inner_text("#figures")
        check("66.7 % of the pairs on 3 items" in text and "alpha is 0.44" in text, f"how far people agree is said: {text!r}")
        bea.screenshot(path=f"{folder}/agreement.png")
    finally:
        desk.kill()


def try_other_origin(browser, desk, page):
    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(b"<p>another page</p>")

        def log_message(self, *_):
            pass

    other = http.server.HTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    before, token = len(desk.rows()), page.evaluate("state.token")
    stranger = browser.new_context().new_page()
    stranger.goto(f"http://127.0.0.1:{other.server_port}/")
    results = stranger.evaluate(
        """async ([port, token]) => {
          const body = JSON.stringify({reviewer: 'evil', index: 0, item: 'item-0', label: 'pristine'});
          const json = {'content-type': 'application/json', 'x-review-token': token}, found = [];
          for (const options of [{method: 'POST', mode: 'no-cors', headers: {'content-type': 'text/plain'}, body},
                                 {method: 'POST', headers: json, body}, {method: 'GET'}])
            for (const host of ['127.0.0.1', 'localhost']) {
              const path = options.method === 'GET' ? 'state' : 'decision';
              try { const r = await fetch(`http://${host}:${port}/api/${path}`, options); found.push(r.type); }
              catch (error) { found.push('refused'); }
            }
          const form = document.createElement('form');
          form.method = 'POST'; form.action = `http://127.0.0.1:${port}/api/decision`; form.enctype = 'text/plain';
          document.body.append(form); form.submit();
          return found;
        }""", [desk.port, token])
    stranger.wait_for_timeout(300)
    check(set(results) <= {"refused", "opaque"}, f"a page of another origin reads nothing: {results}")
    check(len(desk.rows()) == before, "and its posts, one with the stolen token, add no line")
    for headers in [{"Host": "evil.example"}, {"Origin": "http://evil.example"}]:
        try:
            urllib.request.urlopen(urllib.request.Request(desk.url + "api/state", headers=headers)).read()
            status = 200
        except urllib.error.HTTPError as error:
            status = error.code
        check(status == 403, f"{headers} is refused")


def try_paths(arguments, folder, photos):
    queue, images = queue_of_conflicts.write_escaping(folder, photos)
    desk = Desk(arguments.distill, queue, photos, os.path.join(folder, "none.jsonl"))
    statuses = []
    for index in range(len(images)):
        try:
            statuses.append(urllib.request.urlopen(f"{desk.url}photo?index={index}").status)
        except urllib.error.HTTPError as error:
            statuses.append(error.code)
    desk.kill()
    check(statuses == [403, 403, 403, 403, 403, 404], f"photographs outside the folder are refused: {statuses}")


def main():
    parser = argparse.ArgumentParser(description="Drives the review page in headless Chromium.")
    parser.add_argument("--distill", default=".build/release/distill", help="the command")
    parser.add_argument("--chromium", default=shutil.which("chromium") or "chromium", help="the browser")
    parser.add_argument("--out", default="runs/review-browser", help="folder for answers and screenshots")
    arguments = parser.parse_args()
    folder = os.path.abspath(arguments.out)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    queue, photos = queue_of_conflicts.write(folder, COUNT)
    # Other people look at what the first has decided.
    desk = Desk(arguments.distill, queue, photos, os.path.join(folder, "answers.jsonl"), opinions=4)
    elsewhere, errors = [], []
    try:
        with sync_playwright() as playwright:
            # As root, which continuous integration often is, Chromium runs without its sandbox alone.
            browser = playwright.chromium.launch(executable_path=arguments.chromium, args=["--no-sandbox"])
            page = opened(browser, desk, elsewhere, errors, viewport={"width": 1280, "height": 800})
            shown(page)
            page.screenshot(path=f"{folder}/desktop.png")
            start = time.time()
            expected = decide_all(page, desk, folder)
            check(page.is_visible("#end"), f"the end is reached, in {time.time() - start:.1f} s")
            page.screenshot(path=f"{folder}/end.png")
            compare(desk, expected, queue_of_conflicts.LABELS)
            try_phone(browser, desk, elsewhere, errors, folder)
            try_reading(browser, desk, elsewhere, errors, folder)
            try_several_photos(browser, desk, elsewhere, errors, folder)
            try_other_origin(browser, desk, page)
            try_sharing(arguments, browser, queue, photos, elsewhere, errors, folder)
            browser.close()
    finally:
        desk.kill()
    try_paths(arguments, folder, photos)
    check(not elsewhere, f"no request leaves this server: {elsewhere}")
    # A server that was started anew has another token, which the page learns by being refused once.
    errors = [(text, url) for text, url in errors
              if "ERR_CONNECTION_REFUSED" not in text and not ("403" in text and url.endswith("/api/decision"))]
    check(not errors, f"the console has no error: {errors}")
    print(f"screenshots are in {folder}")
    sys.exit(1 if failures else 0)


main()
