"""Writes small tables of every kind that people have, and expected.json: what each is to be read as.

    pip install pandas==3.1.1
    python make_tables.py

The readings are written here by hand. Where pandas reads a file too (`pandas`: the arguments for read_csv or read_json), its
reading must be the same, as text; where `pandas` is "refuses", it must raise.
"""

import gzip
import io
import json
import os
import zipfile

import pandas

here = os.path.dirname(os.path.abspath(__file__))
expected = {}
SNIFFED = dict(sep=None, engine="python")


def add(name, data, rows=None, set_aside=(), refused=None, pandas_reads=None, why=""):
    """rows: the cells by column, absent ones left out. set_aside: line and a part of the reason. refused: parts of it."""
    data = data.encode() if isinstance(data, str) else data
    with open(os.path.join(here, name), "wb") as file:
        file.write(data)
    case = dict(why=why)
    if refused is None:
        case |= dict(rows=rows, set_aside=[list(one) for one in set_aside])
    else:
        case |= dict(refused=refused)
    expected[name] = case
    if pandas_reads is None:
        return
    if pandas_reads == "refuses":
        try:
            pandas.read_csv(io.BytesIO(data), **SNIFFED)
        except Exception:
            return
        raise AssertionError(f"pandas reads {name}")
    reader = pandas.read_json if pandas_reads.pop("json", False) else pandas.read_csv
    table = reader(io.BytesIO(data), dtype=str, **pandas_reads)
    found = [{k: str(v) for k, v in row.items() if not pandas.isna(v)} for row in table.to_dict("records")]
    found = [{k.strip(): v for k, v in row.items()} for row in found]
    assert found == rows, (name, found, rows)


two = [dict(id="1", text="a gate", label="yes"), dict(id="2", text="a door", label="no")]
BOM = b"\xef\xbb\xbf"

# Delimiters.
add("comma.csv", "id,text,label\n1,a gate,yes\n2,a door,no\n", two, pandas_reads=dict(), why="RFC 4180")
add(
    "semicolon.csv", BOM + b"item;teacher;label\r\n1;a;yes\r\n2;a;no\r\n",
    [dict(item="1", teacher="a", label="yes"), dict(item="2", teacher="a", label="no")],
    pandas_reads=dict(sep=";", encoding="utf-8-sig"),
    why="Excel's CSV in UTF-8 where the comma is the decimal mark. With sep=None pandas 3.1.1 keeps the byte-order mark in "
    "the first name",
)
add("tab.tsv", "id\ttext\tlabel\n1\ta gate\tyes\n2\ta door\tno\n", two, pandas_reads=dict(SNIFFED))
add("tab.csv", "id\ttext\tlabel\r1\ta, gate\tyes\r2\ta door\tno", [two[0] | dict(text="a, gate"), two[1]],
    pandas_reads=dict(sep="\t"), why="tabs, lines ended by CR as old spreadsheets do, no end of the last line")
add("bar.csv", "id|text|label\n1|a gate|yes\n2|a door|no\n", two, pandas_reads=dict(sep="|"),
    why="pandas 3.1.1 with sep=None splits it at 't'")
add("sep_comma.csv", "sep=,\nid,text,label\n1,a gate,yes\n2,a door,no\n", two, pandas_reads=dict(skiprows=1),
    why="Excel's mark. pandas takes it for the header")
add("sep_semicolon.csv", BOM + b"\"sep=;\"\r\nid;text;label\r\n1;a gate;yes\r\n2;a door;no\r\n", two)
add("sep_tilde.csv", "SEP=~\nid~text~label\n1~a gate~yes\n2~a door~no\n", two, why="any sign may be named")
add("comma_in_names.csv", "id;text, as seen;label\n1;a gate;yes\n2;a, door;no\n",
    [{"id": "1", "text, as seen": "a gate", "label": "yes"}, {"id": "2", "text, as seen": "a, door", "label": "no"}],
    pandas_reads=dict(sep=";"), why="a comma splits the header too, but not the rows")
add("semicolon_in_names.csv", "id,text;caption,label\n1,a; gate,yes\n2,a door,no\n",
    [{"id": "1", "text;caption": "a; gate", "label": "yes"}, {"id": "2", "text;caption": "a door", "label": "no"}],
    pandas_reads=dict(sep=","))
add("decimal_comma.csv", "id;text;confidence\n1;a gate;0,75\n2;a door;1,0\n",
    [dict(id="1", text="a gate", confidence="0,75"), dict(id="2", text="a door", confidence="1,0")],
    pandas_reads=dict(SNIFFED))
add("one_column.csv", "text\na gate\n\"a door, open\"\n", [dict(text="a gate"), dict(text="a door, open")],
    pandas_reads=dict(sep=","))

# Quotes and line ends.
add("quoted.csv", "id,text,label\r\n1,\"a, \"\"big\"\" gate;\r\nopen\",yes\r\n2,\"\",no\r\n",
    [two[0] | dict(text="a, \"big\" gate;\r\nopen"), dict(id="2", label="no")],
    pandas_reads=dict(sep=","), why="delimiters, quotes and line ends in a field; an empty one is nothing")
add("quoted_semicolon.csv", "id;text;label\n1;\"a; gate\nopen\";yes\n2;a door;no\n",
    [two[0] | dict(text="a; gate\nopen"), two[1]], pandas_reads=dict(sep=";"))
add("blank_lines.csv", "\n\nid,text,label\n\n1,a gate,yes\n\n2,a door,no\n\n", two, pandas_reads=dict())

# Headers and widths.
add("surplus_delimiters.csv", "id;text;label\n1;a gate;yes;;\n2;a door;no\n", two,
    why="cells that a spreadsheet once had. pandas shifts the columns")
add("index.csv", ",id,text,label\n0,1,a gate,yes\n1,2,a door,no\n",
    [{"Unnamed: 0": "0"} | two[0], {"Unnamed: 0": "1"} | two[1]], pandas_reads=dict(), why="to_csv() with its index")
add("unnamed.csv", "id,text,label,,\n1,a gate,yes,,\n2,a door,no,,\n", two, pandas_reads=dict())
add("spaced_names.csv", "id, text ,\tlabel\n1,a gate,yes\n2,a door,no\n", two, pandas_reads=dict(sep=","))
add("ragged.csv", "id,text,label\n1,a gate,yes\n2,a door, open,no\n3,a wall\n4,a lane,no\n",
    [two[0], dict(id="4", text="a lane", label="no")],
    [(3, "found 4; a text with a comma in it needs quotes"), (4, "expected 3 fields as in the header, found 2")])
add("unclosed.csv", "id,text,label\n1,a gate,yes\n2,\"a door,no\n", [two[0]], [(3, "opened on line 3 and never closed")],
    why="pandas refuses the file", pandas_reads="refuses")
add("after_quote.csv", "id;text;label\n1;a gate;yes\n2;\"a\" door;no\n", [two[0]], [(3, "expected a semicolon or line end")])
add("name_twice.csv", "id,label,label\n1,yes,no\n", refused=[":1:", "'label' twice"])
add("header_only.csv", "id,text,label\n", refused=["no usable row"])
add("empty.csv", "", refused=["no usable row"])

# Encodings and files that are no text.
add("latin1.csv", "id,text,label\n1,a gate,yes\n2,Café,no\n".encode("latin-1"), pandas_reads="refuses",
    refused=["line 3", "Latin-1", "'Café'", "iconv -f WINDOWS-1252 -t UTF-8"])
add("windows1252.csv", "id;text;größe\n1;a gate’s side;yes\n".encode("cp1252"), pandas_reads="refuses",
    refused=["line 1", "Windows-1252", "'größe'"])
add("latin1.jsonl", "{\"id\": 1, \"text\": \"a\"}\n{\"id\": 2, \"text\": \"Señor\"}\n".encode("latin-1"),
    refused=["line 2", "Latin-1", "'Señor'"])
add("latin1.json", "[{\"id\": 1, \"text\": \"a\"},\n{\"id\": 2, \"text\": \"Señor\"}]\n".encode("latin-1"),
    refused=["line 2", "Latin-1"])
add("shift_jis.csv", "id,text\n1,門が開いている。\n2,いいえ\n".encode("shift_jis"), refused=["another encoding than UTF-8"])
add("windows1251.csv", "id,text\n1,ворота открыты\n2,нет\n".encode("cp1251"), refused=["another encoding than UTF-8"])
add("utf16.csv", "id,text\n1,a gate\n".encode("utf-16"), refused=["UTF-16", "iconv"], pandas_reads="refuses")
add("utf16be.jsonl", "{\"id\": 1, \"text\": \"a gate\"}\n".encode("utf-16-be"), refused=["UTF-16BE"])
add("utf32.csv", "id,text\n1,a gate\n".encode("utf-32"), refused=["UTF-32"])
add("damaged.csv", b"id,text,label\n1,a gate,yes\n2,a d\xc3,no\n3,caf\xc3\xa9,no\n",
    [two[0], dict(id="3", text="café", label="no")], [(3, "bytes that are not UTF-8")],
    why="cut inside a character; the others are UTF-8")
add("rows.jsonl.gz", gzip.compress(b"{\"id\": 1}\n", mtime=0), refused=["gzip", "gunzip"])
workbook = io.BytesIO()
with zipfile.ZipFile(workbook, "w") as archive:
    archive.writestr(zipfile.ZipInfo("xl/workbook.xml"), "<workbook/>")
add("sheet.xlsx", workbook.getvalue(), refused=["xlsx", "CSV in UTF-8"])
add("rows.parquet", b"PAR1\x15\x04\x15PAR1", refused=["Parquet", "to_json"])

# JSON.
add("rows.jsonl", BOM + b"{\"id\": 1, \"text\": \"a gate\", \"label\": \"yes\"}\r\n\r\n"
    b"{\"id\": \"2\", \"text\": \"a door\", \"label\": \"no\"}", two, why="byte-order mark, CRLF, an empty line")
add("array.json", "[\n  {\"id\": 1, \"text\": \"a gate\", \"label\": \"yes\"},\n"
    "  {\"id\": 2, \"text\": \"a door\", \"label\": \"no\"}\n]\n", two, pandas_reads=dict(json=True))
add("one_line.json", json.dumps([two[0], 7, two[1]]), two, [(1, "row 2: expected an object of fields, found a number")])
add("spread.jsonl", "\n".join(json.dumps(one, indent=2) for one in two), two, why="objects over several lines, as jq prints")
add("broken.jsonl", "{\"id\": 1, \"text\": \"a gate\", \"label\": \"yes\"}\n{\"id\": 2, \"text\": \"a\n[3]\n",
    [two[0]], [(2, "expected"), (3, "expected an object of fields, found an array")])
add("broken.json", "[{\"id\": 1},\n{\"id\": 2]\n", refused=[":2:", "expected ',' or '}'"])
add("wrapped.json", json.dumps(dict(version="1", data=two), indent=1), refused=["rows under 'data'", "jq"])
add("columns.json", pandas.DataFrame(two).to_json(), refused=["columns, not of rows", "orient='records'"])
add("lists.json", json.dumps(pandas.DataFrame(two).to_dict("list")), refused=["columns, not of rows"])

# What other tools keep beside images.
add("metadata.jsonl", "{\"file_name\": \"0001.png\", \"label\": \"yes\"}\n{\"file_name\": \"0002.png\", \"label\": \"no\"}\n",
    [{"file_name": "0001.png", "label": "yes"}, {"file_name": "0002.png", "label": "no"}],
    pandas_reads=dict(json=True, lines=True), why="an image folder of datasets 5.2")
add("metadata.csv", "file_name,label\n0001.png,yes\n0002.png,no\n",
    [{"file_name": "0001.png", "label": "yes"}, {"file_name": "0002.png", "label": "no"}], pandas_reads=dict())

with open(os.path.join(here, "expected.json"), "w") as file:
    json.dump(expected, file, ensure_ascii=False, indent=1, sort_keys=True)
    file.write("\n")
print(len(expected), "tables")
