#!/usr/bin/env bash
# libcurl may send a POST twice, and counts neither an error nor a redirect.
#
# Seen on 2026-11-29 with pycurl 7.49.0 (libcurl 8.23.0).
# A service answers a first question and keeps the connection open. It takes the second question, whole, and closes the
# connection without an answer, as a worker that is restarted does. libcurl sends the question again on a new connection; the
# caller sees one request that went well.
#
# Why it matters: a question to a teacher costs money when it is read, not when it is answered. A client that counts requests
# for a budget, or promises that no question is asked twice without its knowledge, does not see the second one.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check 'pycurl==7.49.0'
cd "$folder"
timeout 60 "$folder/venv/bin/python" - <<'PYTHON'
import io
import socket
import threading

import pycurl


def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


questions = []


def answer(connection):
    stream = connection.makefile("rb")
    while stream.readline():
        length = 0
        while (header := stream.readline().strip()) != b"":
            if header.lower().startswith(b"content-length:"):
                length = int(header.split(b":")[1])
        questions.append(stream.read(length))
        if len(questions) == 2:
            connection.shutdown(socket.SHUT_RDWR)
            return
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nYes")


def serve(listening):
    while True:
        threading.Thread(target=answer, args=(listening.accept()[0],), daemon=True).start()


listening = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=serve, args=(listening,), daemon=True).start()
client = pycurl.Curl()
client.setopt(client.URL, f"http://127.0.0.1:{listening.getsockname()[1]}/v1/chat/completions")
for question in (b"first", b"second"):
    body = io.BytesIO()
    client.setopt(client.POSTFIELDS, question)
    client.setopt(client.WRITEDATA, body)
    client.perform()
    seen = (client.getinfo(client.RESPONSE_CODE), body.getvalue(), client.getinfo(client.REDIRECT_COUNT))
    see(f"answer to the {question.decode()} question", seen, (200, b"Yes", 0))
see("what the service was asked", questions, [b"first", b"second", b"second"])
PYTHON
