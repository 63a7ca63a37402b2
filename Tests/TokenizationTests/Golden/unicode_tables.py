"""Writes the Unicode tables of Sources/Tokenization/Unicode from what Hugging Face `tokenizers` itself does.

    python3 -m venv venv && venv/bin/pip install tokenizers==0.23.3
    venv/bin/python unicode_tables.py ../../../Sources/Tokenization/Unicode

That library consults five Unicode databases of different age (Oniguruma, Rust's standard library and three crates), and
a model was trained with whatever they said. So each scalar is asked one question per table through the public interface,
and the answers are written down; they then depend neither on this package's tool chain nor on the system.
"""
import sys
import unicodedata

from tokenizers import Regex, normalizers as N, pre_tokenizers as P

SCALARS = [i for i in range(0x110000) if not 0xD800 <= i <= 0xDFFF]
TEXT = "".join(map(chr, SCALARS))
CATEGORIES = "Cn Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co".split()
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def base36(n):
    text = ""
    while True:
        n, r = divmod(n, 36)
        text = DIGITS[r] + text
        if not n:
            return text


def matched(pattern):
    """Scalars that an Oniguruma pattern matches."""
    rest = set()
    for _, (a, b) in P.Split(Regex(pattern), "removed").pre_tokenize_str(TEXT):
        rest.update(SCALARS[a:b])
    return set(SCALARS) - rest


def removed(normalizer):
    """Scalars that a normalizer deletes when each stands alone between two letters."""
    return {i for i in SCALARS if normalizer.normalize_str("a" + chr(i) + "b") == "ab"}


def classes():
    category = {}
    for value, name in enumerate(CATEGORIES):
        if value:
            for i in matched(r"\p{%s}" % name):
                category[i] = value
    whitespace = P.Whitespace().pre_tokenize_str
    word = {i for i in SCALARS if len(whitespace("a" + chr(i))) == 1 and len(whitespace("a" + chr(i))[0][0]) == 2}
    digits = P.Digits(individual_digits=False).pre_tokenize_str
    bert = P.BertPreTokenizer().pre_tokenize_str
    clean = N.BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    accents = N.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False)
    flags = [
        matched(r"\s"),
        matched(r"\w"),
        word,
        {i for i in SCALARS if len(digits("a" + chr(i))) == 2},
        {i for i in SCALARS if len(bert("a" + chr(i) + "b")) == 3},
        removed(clean),
        removed(accents),
        removed(N.StripAccents()),
    ]
    # Two flags of the Rust side are taken to be the white space of the first: Rust's own must agree with it.
    assert {i for i in SCALARS if N.Strip().normalize_str(chr(i)) == ""} == flags[0]
    assert {i for i in SCALARS if P.WhitespaceSplit().pre_tokenize_str("a" + chr(i))[0][0] == "a"} == flags[0]
    values = [0] * 0x110000
    for i in SCALARS:
        values[i] = category.get(i, 0) | sum(1 << (5 + k) for k, f in enumerate(flags) if i in f)
    runs, start = [], 0
    for i in range(1, 0x110001):
        if i == 0x110000 or values[i] != values[start]:
            runs.append(base36(i - start) + "." + base36(values[start]))
            start = i
    return runs


def mapping(normalizer, skip=lambda i: False):
    out, last = [], 0
    for i in SCALARS:
        to = normalizer(chr(i))
        if to != chr(i) and not skip(i):
            out.append(base36(i - last) + "." + ".".join(base36(ord(c)) for c in to))
            last = i
    return out


def hangul(i):
    return 0xAC00 <= i < 0xAC00 + 11172


def combining():
    nfd = N.NFD().normalize_str
    moves = {i for i in SCALARS if nfd("a\u0345" + chr(i)) == "a" + nfd(chr(i)) + "\u0345" and len(nfd(chr(i))) == 1 and nfd(chr(i)) != "\u0345"}
    moves = {i for i in moves if nfd(chr(i)) == chr(i)} | {0x345}
    out, last = [], 0
    for i in sorted(moves):
        assert unicodedata.combining(chr(i)), hex(i)
        out.append(base36(i - last) + "." + base36(unicodedata.combining(chr(i))))
        last = i
    return out


def composition():
    """Decomposed pairs that NFC puts together again, as `first.second.composite`."""
    nfc, nfd = N.NFC().normalize_str, N.NFD().normalize_str
    out, last = [], 0
    for i in SCALARS:
        c = chr(i)
        if nfd(c) != c and nfc(c) == c and not hangul(i):
            d = nfd(c)
            first = d[0] if len(d) == 2 else nfc(d[:-1])
            assert len(first) == 1, hex(i)
            assert nfc(first + d[-1]) == c, hex(i)
            out.append(".".join([base36(i - last), base36(ord(first)), base36(ord(d[-1]))]))
            last = i
    return out


def write(path, name, comment, tables):
    with open(path, "w") as f:
        f.write("// swift-format-ignore-file: generated data; the lines are as long as the format allows.\n")
        f.write("// Written by Tests/TokenizationTests/Golden/unicode_tables.py with tokenizers 0.23.3. Do not edit.\n\n")
        f.write(comment + f"\nenum {name} {{\n")
        for field, note, items in tables:
            f.write(f"  /// {note}\n  static let {field}: StaticString = \"\"\"\n")
            line = ""
            for item in items:
                if len(line) + len(item) + 1 > 112:
                    f.write(f"    {line} \\\n")
                    line = item
                else:
                    line = f"{line} {item}" if line else item
            f.write(f"    {line}\n    \"\"\"\n")
        f.write("}\n")


def main():
    out = sys.argv[1]
    number = "Numbers are in base 36."
    write(f"{out}/CharacterClassData.swift", "CharacterClassData",
          f"/// Classes of every Unicode scalar as runs `length.value`; the bits of a value are those of ``CharacterClass``. {number}",
          [("runs", "Runs from scalar 0 to 10FFFF.", classes())])
    write(f"{out}/NormalizationData.swift", "NormalizationData",
          f"/// Full decompositions, combining classes and compositions; scalars as distance from the entry before. {number}",
          [("canonical", "`scalar.to.to...` where NFD changes a scalar; Hangul is computed.", mapping(N.NFD().normalize_str, hangul)),
           ("compatible", "The same for NFKD, where it differs from NFD.",
            mapping(N.NFKD().normalize_str, lambda i: hangul(i) or N.NFKD().normalize_str(chr(i)) == N.NFD().normalize_str(chr(i)))),
           ("combining", "`scalar.class` where the combining class is not 0.", combining()),
           ("composition", "`composite.first.second` of the pairs that NFC joins.", composition())])
    write(f"{out}/LowercaseData.swift", "LowercaseData",
          f"/// Lower-case mappings, scalars as distance from the entry before. {number}",
          [("mappings", "`scalar.to.to...` where the scalar changes.", mapping(N.Lowercase().normalize_str))])


main()
