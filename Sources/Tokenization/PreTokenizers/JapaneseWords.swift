#if MeCab
  internal import CMeCab
#endif

/// A dictionary of MeCab's that is open.
final class MeCabDictionary: Sendable {
  #if MeCab
    // MeCab's model and tagger are made for several threads; each text has a lattice of its own.
    private nonisolated(unsafe) let handle: OpaquePointer
  #endif

  /// Whether this program was built with the trait `MeCab`.
  static var isThere: Bool {
    #if MeCab
      true
    #else
      false
    #endif
  }

  /// - Parameter arguments: those of the program mecab, such as `-d FOLDER`.
  /// - Throws: ``Fault``: what MeCab says, or that the dictionary is not UTF-8.
  init(_ arguments: [String]) throws {
    #if MeCab
      var reason = [CChar](repeating: 0, count: 1024)
      // The name of a program stands first.
      let copies = (["mecab"] + arguments).map { Array($0.utf8CString) }
      let opened = withPointers(copies[...], []) {
        sd_mecab_open(Int32($0.count), $0, &reason, reason.count)
      }
      guard let opened else {
        throw Fault(reason: reason.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
      }
      handle = opened
      let set = String(cString: sd_mecab_character_set(opened))
      // The instance is whole here, so that its end closes the dictionary.
      guard set.lowercased().filter({ $0 != "-" }) == "utf8" else {
        throw Fault(reason: "its character set is \(set), and UTF-8 is read")
      }
    #else
      throw Fault(reason: "this program was built without the trait MeCab")
    #endif
  }

  /// Why a dictionary can't be used.
  struct Fault: Error {
    var reason: String
  }

  #if MeCab
    deinit { sd_mecab_close(handle) }
  #endif

  /// The words of a text by first byte and byte after the last, in order; nil where MeCab can't divide it.
  func words(in text: UnsafeBufferPointer<UInt8>) -> [Range<Int>]? {
    #if MeCab
      var words: [Range<Int>] = []
      let isDivided = text.withMemoryRebound(to: CChar.self) { text in
        withUnsafeMutablePointer(to: &words) { words in
          sd_mecab_divide(handle, text.baseAddress, text.count, words) { words, start, length in
            words?.assumingMemoryBound(to: [Range<Int>].self).pointee.append(start..<start + length)
          }
        }
      }
      return isDivided ? words : nil
    #else
      return nil
    #endif
  }
}

#if MeCab
  /// Calls the closure with pointers to texts that end with a zero.
  private func withPointers<Result>(
    _ texts: ArraySlice<[CChar]>, _ pointers: [UnsafePointer<CChar>?], _ body: ([UnsafePointer<CChar>?]) -> Result
  ) -> Result {
    guard let first = texts.first else { return body(pointers) }
    return first.withUnsafeBufferPointer { withPointers(texts.dropFirst(), pointers + [$0.baseAddress], body) }
  }
#endif

/// Divides Japanese text into the words of a dictionary, as transformers' BertJapaneseTokenizer does.
struct JapaneseWords: PreTokenizer {
  var dictionary: MeCabDictionary
  /// Whether words are mapped to lower case.
  var lowercases: Bool
  /// Whether words are divided into characters next: they keep white space inside of them then, and are normalised (NFKC) as the
  /// text was before.
  var isForCharacters: Bool
  /// As ``LowercaseNormalizer`` and ``FormNormalizer`` have it.
  var growth: Double { (lowercases ? 1.5 : 1) * (isForCharacters ? 11 : 1) }

  func apply(to pieces: inout Pieces) {
    pieces.split(.removed, inverts: true) { text, match in
      // A text that MeCab gives up on is one word.
      for word in dictionary.words(in: text) ?? [0..<text.count] {
        if isForCharacters {
          match(word.lowerBound, word.upperBound)
          continue
        }
        // Characters of white space that the dictionary knows nothing of stand inside of words.
        var (start, at) = (word.lowerBound, word.lowerBound)
        while at < word.upperBound {
          let (scalar, length) = decodeScalar(text, at)
          if (0x1C...0x1F).contains(scalar) || CharacterClass(scalar).isWhitespace {
            if start < at { match(start, at) }
            start = at + length
          }
          at += length
        }
        if start < at { match(start, at) }
      }
    }
    if lowercases { pieces.rewrite { $0.lowercase() } }
    if isForCharacters { pieces.rewrite { CanonicalForm.nfkc.apply(to: &$0) } }
  }
}
