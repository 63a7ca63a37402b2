import Reporting
import Testing

@Suite struct ShownTextTests {
  @Test(arguments: [
    // A title, a colour, and "erase display" in one byte: ECMA-48, xterm's control sequences.
    ("\u{1b}]0;mine\u{7}", "\\u{1b}]0;mine\\u{7}"), ("\u{1b}[31mred", "\\u{1b}[31mred"), ("\u{9b}2J", "\\u{9b}2J"),
    ("a\r\nb\tc\n", "a\\u{d}\nb\tc\n"), ("\0 \u{7f}", "\\u{0} \\u{7f}"), ("a\u{2028}b", "a\\u{2028}b"),
    // Unicode Standard Annex 9: an override, an isolate.
    ("\u{202e}abc", "\\u{202e}abc"), ("\u{2066}abc\u{2069}", "\\u{2066}abc\\u{2069}"),
  ])
  func `what would command a terminal is written out`(_ text: String, _ shown: String) {
    #expect(ShownText.safe(text) == shown)
  }

  @Test(arguments: [
    "Größe e\u{301} é", "👩\u{200d}👩\u{200d}👧 ❤\u{fe0f}", "می\u{200c}خواهم", "שלום\u{200f}", "日本語\n\tend", "",
  ])
  func `text of every script stays as it is`(_ text: String) {
    #expect(Array(ShownText.safe(text).unicodeScalars) == Array(text.unicodeScalars))
  }
}
