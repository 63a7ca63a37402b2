#!/usr/bin/env bash
# A worker that reads the rows that it claimed holds the write lock, outside of any transaction, and commit() does not help.
#
# Seen on 2026-11-29 with apsw 3.54.1.0 (SQLite 3.54.1), and with sqlite3 of Python 3.11 (SQLite 3.40.1).
# UPDATE ... RETURNING makes all its changes before it gives the first row, so the claim looks done. It ends with the last
# row: until then other connections may not write ("database is locked", in WAL mode too), and do not see the claim. In
# autocommit mode `in_transaction` is False all the while, and sqlite3's commit() passes and changes nothing. A worker that
# dies in the loop has claimed nothing. sqlite3 ends the statement with the last row that it gives, apsw with the call after
# that. Reading all rows first is right.
#
# Why it matters: `for item in db.execute("UPDATE ... RETURNING id"): ask(item)` is how a worker takes a batch of questions.
# While one waits for its teacher all others fail or wait, and after a crash questions that were asked and paid for are
# asked again.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv --without-pip "$folder/venv"
python3 -m pip --python "$folder/venv/bin/python" install --quiet --no-compile --disable-pip-version-check \
  'apsw==3.54.1.0'
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
def see(what, seen, expected):
    print(f"{what}: {seen!r}")
    if seen != expected:
        raise SystemExit(f"This has changed. It was {expected!r}.")


import sqlite3
import subprocess
import sys

import apsw

CLAIM = "UPDATE items SET worker = 'one' WHERE id < 2 RETURNING id"
print("SQLite of apsw and of Python:", apsw.sqlite_lib_version(), sqlite3.sqlite_version)


def prepare(name):
    base = sqlite3.connect(name, isolation_level=None)
    base.execute("PRAGMA journal_mode = WAL")
    base.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, worker TEXT)")
    base.executemany("INSERT INTO items VALUES (?, NULL)", [(number,) for number in range(4)])
    base.close()


def another(connection):
    """What another worker sees and can do."""
    (claimed,) = list(connection.execute("SELECT count(*) FROM items WHERE worker = 'one'"))[0]
    try:
        list(connection.execute("UPDATE items SET worker = 'two' WHERE id = 3"))
    except (sqlite3.OperationalError, apsw.BusyError) as error:
        return claimed, "locked" if "locked" in str(error) else str(error)
    return claimed, "writes"


prepare("a")
mine, other = apsw.Connection("a"), apsw.Connection("a")
rows = mine.execute(CLAIM)
for expected in ((0, 0, "locked"), (1, 0, "locked"), (None, 2, "writes")):
    (row,) = next(rows, (None,))
    see("apsw, row given, then claimed rows and another worker", (row, *another(other)), expected)
see("apsw, in a transaction", mine.in_transaction, False)

prepare("b")
mine, other = (sqlite3.connect("b", isolation_level=None, timeout=0) for _ in range(2))
rows = mine.execute(CLAIM)
see("sqlite3, no row read", another(other), (0, "locked"))
see("sqlite3, first row", (rows.fetchone(), *another(other)), ((0,), 0, "locked"))
mine.commit()
see("sqlite3, after commit()", (mine.in_transaction, *another(other)), (False, 0, "locked"))
see("sqlite3, last row", (rows.fetchone(), *another(other)), ((1,), 2, "writes"))

prepare("c")
dies = f"import sqlite3, os\nfor row in sqlite3.connect('c', isolation_level=None).execute({CLAIM!r}): os._exit(1)"
subprocess.run([sys.executable, "-c", dies])
see("claimed by a worker that died with its first row", another(sqlite3.connect("c", isolation_level=None)), (0, "writes"))
PYTHON
