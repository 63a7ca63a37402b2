import CImageCodecs

/// The three text chunks of a PNG (https://www.w3.org/TR/png-3/#11textinfo).
enum PNGText {
  /// `tEXt`: the keyword, a zero, the text.
  case plain
  /// `zTXt`: the keyword, a zero, the method, the text by zlib.
  case compressed
  /// `iTXt`: the keyword, a zero, whether it is compressed, the method, the language, a zero, the keyword in that
  /// language, a zero, the text in UTF-8.
  case international
}

extension ImageMetadata {
  /// The most bytes that one compressed text and all of a file may have, as in Pillow 13: zlib makes 1,000 of one, so a
  /// small file could ask for much time. The start of each takes as long as some bytes do.
  private static let (leastOfOne, mostOfOne, mostOfAll) = (4 << 10, 1 << 20, 64 << 20)

  /// Takes from a text chunk what Pillow 13 does: EXIF as ImageMagick writes it, EXIF as it is under the keyword "exif", and
  /// XMP. Of several chunks with one keyword the last counts. Other texts are passed over unread.
  mutating func readText(_ kind: PNGText, _ chunk: UnsafeRawBufferPointer) {
    if kind == .plain, let content = chunk.content(of: "exif") {
      exif = Array(content)
    } else if let content = chunk.content(of: "Raw profile type exif"), let text = self.text(kind, content),
      text.isDecoded
    {
      profile = bytesOfProfile(text.bytes)
    } else if let content = chunk.content(of: "XML:com.adobe.xmp"), let text = self.text(kind, content) {
      if text.isDecoded { xmp = text.bytes } else { undecodedXMP = text.bytes }
    }
  }

  /// The text behind the keyword, and whether it is UTF-8 where it should be; nil where the chunk is not as the standard
  /// has it.
  private mutating func text(
    _ kind: PNGText, _ content: UnsafeRawBufferPointer
  ) -> (bytes: [UInt8], isDecoded: Bool)? {
    switch kind {
    case .plain: return (Array(content), true)
    case .compressed:
      guard content.first ?? 0 == 0 else { return nil }
      return (inflate(content.dropFirst()) ?? [], true)
    case .international:
      let parts = content.dropFirst(2).split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3, content[0] == 0 || content[1] == 0,
        let text = content[0] == 0 ? Array(parts[2]) : inflate(parts[2])
      else { return nil }
      let isDecoded = [Array(parts[0]), Array(parts[1]), text].allSatisfy {
        String(validating: $0, as: UTF8.self) != nil
      }
      return (text, isDecoded)
    }
  }

  /// What zlib made of a text; of one that is cut off its beginning, and nil where it is broken or too long.
  private mutating func inflate(_ compressed: Slice<UnsafeRawBufferPointer>) -> [UInt8]? {
    guard inflated < Self.mostOfAll else { return nil }
    let compressed = UnsafeRawBufferPointer(rebasing: compressed)
    var status = CODEC_OK
    let text = [UInt8](unsafeUninitializedCapacity: Self.mostOfOne) { buffer, count in
      status = codec_inflate(compressed.baseAddress, compressed.count, buffer.baseAddress, buffer.count, &count)
      inflated += max(count, Self.leastOfOne)
    }
    return status == CODEC_OK ? text : nil
  }
}

/// The bytes that ImageMagick's form of a profile holds: an empty line, the name, the length, then hexadecimal digits with
/// white space between the bytes. None where a sign is none of these.
private func bytesOfProfile(_ text: [UInt8]) -> [UInt8] {
  let lineEnd = UInt8(ascii: "\n")
  var digits = text[...]
  for _ in 0..<3 { digits = digits.drop { $0 != lineEnd }.dropFirst() }
  var bytes: [UInt8] = []
  var upper: UInt8?
  for sign in digits where sign != lineEnd {
    if upper == nil, sign == 0x20 || (0x09...0x0d).contains(sign) { continue }
    guard let digit = Character(UnicodeScalar(sign)).hexDigitValue else { return [] }
    if let high = upper {
      bytes.append(high << 4 | UInt8(digit))
      upper = nil
    } else {
      upper = UInt8(digit)
    }
  }
  return upper == nil ? bytes : []
}

extension UnsafeRawBufferPointer {
  /// What stands behind a keyword and its zero; nil for another keyword.
  fileprivate func content(of keyword: String) -> UnsafeRawBufferPointer? {
    has(keyword + "\0", at: 0) ? UnsafeRawBufferPointer(rebasing: self[(keyword.utf8.count + 1)...]) : nil
  }
}
