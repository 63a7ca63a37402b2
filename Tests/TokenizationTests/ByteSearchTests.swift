import Testing
import Tokenization

@Suite struct ByteSearchTests {
  @Test func `a text is divided wherever the bytes stand`() {
    let mark = ByteSearch(Array("<image>".utf8))
    #expect(mark.pieces(of: "a<image>b<image>") == ["a", "b", ""])
    #expect(mark.pieces(of: "<image><image>") == ["", "", ""])
    #expect(mark.pieces(of: "<imag<image>e>") == ["<imag", "e>"])
    #expect(mark.pieces(of: "") == [""] && mark.pieces(of: "<image") == ["<image"])
    // An accent that follows is a letter's in text, but not in tokens.
    #expect(mark.pieces(of: "a<image>\u{301}b") == ["a", "\u{301}b"])
  }
}
