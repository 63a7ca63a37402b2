#!/usr/bin/env bash
# A server accepts the answer to a question of almost 32 KiB and sends nothing; one that is longer it answers by itself.
#
# Seen on 2026-11-29 with libmicrohttpd 0.9.75-6 of Debian 12.
# Request line and headers of a question share a connection's memory, 32 KiB by default, with the headers of the answer. Where
# the question leaves less than these need, the application is asked, MHD_queue_response returns MHD_YES, and the connection is
# closed without a byte: the longer the answer's headers, the earlier. Longer questions get a 431 or 414 of the server's own.
# It has no header of the application's, and neither the handler nor the notice of completion is called. A cookie of 17000
# characters is refused too, the same text in another header is not.
#
# Why it matters: a model was asked and maybe paid for, its answer is lost, and a client that sees a closed connection may ask
# again. A page of another origin cannot read the 431 and 414, as they do not allow it, and the counts of the application
# miss them.
set -euo pipefail

command -v apt-get >/dev/null || { echo "This needs Debian 12, with libgnutls30."; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get -qq -o APT::Sandbox::User=root download 'libmicrohttpd12=0.9.75-6'
dpkg -x libmicrohttpd12_*.deb .
python3 - usr/lib/*/libmicrohttpd.so.12 <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import ctypes
import os
import socket
import sys

library = ctypes.CDLL(os.path.abspath(sys.argv[1]))
pointer, text = ctypes.c_void_p, ctypes.c_char_p
library.MHD_start_daemon.restype = pointer
library.MHD_create_response_from_buffer.restype = pointer
Handler = ctypes.CFUNCTYPE(ctypes.c_int, pointer, pointer, text, text, text, pointer, pointer, pointer)
Notice = ctypes.CFUNCTYPE(None, pointer, pointer, pointer, ctypes.c_int)
USE_INTERNAL_POLLING_THREAD, NOTIFY_COMPLETED, LISTEN_SOCKET, END = 8, 4, 12, 0


def ask(request, answer_header=10):
    """The status that the asker sees, whether a page may read it, and what the application hears."""
    heard = []

    @Handler
    def handle(_, connection, *others):
        response = pointer(library.MHD_create_response_from_buffer(ctypes.c_size_t(3), b"ok\n", 0))
        library.MHD_add_response_header(response, b"Access-Control-Allow-Origin", b"*")
        library.MHD_add_response_header(response, b"X-Sources", b"s" * answer_header)
        accepted = library.MHD_queue_response(pointer(connection), 200, response)
        library.MHD_destroy_response(response)
        heard.append("answer queued" if accepted == 1 else "answer refused")
        return accepted

    @Notice
    def notice(_, connection, state, code):
        heard.append("completed" if code == 0 else "completed with an error")

    listening = socket.create_server(("127.0.0.1", 0))
    address = listening.getsockname()
    daemon = library.MHD_start_daemon(
        USE_INTERNAL_POLLING_THREAD, ctypes.c_uint16(0), None, None, handle, None,
        NOTIFY_COMPLETED, notice, None, LISTEN_SOCKET, listening.detach(), END)
    reply = b""
    with socket.create_connection(address, timeout=10) as asking:
        asking.sendall(request)
        while part := asking.recv(65536):
            reply += part
    library.MHD_stop_daemon(pointer(daemon))
    return reply[9:12].decode(), b"Access-Control-Allow-Origin" in reply, heard


def question(length, **header):
    lines = "".join(f"{name}: {value}\r\n" for name, value in {"Host": "here", "Connection": "close", **header}.items())
    return f"GET /label?text={'a' * length} HTTP/1.1\r\n{lines}\r\n".encode()


fine = ("200", True, ["answer queued", "completed"])
nothing = ("", False, ["answer queued", "completed with an error"])
see("31000 characters", ask(question(31000)), fine)
see("31000 characters, 2000 in a header of the answer", ask(question(31000), 2000), nothing)
see("32440 characters", ask(question(32440)), nothing)
see("32600 characters", ask(question(32600)), ("431", False, []))
see("33200 characters", ask(question(33200)), ("414", False, []))
see("17000 characters in a header", ask(question(1, Text="a" * 17000)), fine)
see("15000 characters in a cookie", ask(question(1, Cookie="a" * 15000)), fine)
see("17000 characters in a cookie", ask(question(1, Cookie="a" * 17000)), ("431", False, []))
PYTHON
