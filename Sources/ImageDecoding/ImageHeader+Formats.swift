extension ImageHeader {
  /// Signature, IHDR, then chunks up to the end: `eXIf` may stand behind the image data
  /// (https://www.w3.org/TR/png-3/#5Chunk-layout).
  mutating func readPNG(_ bytes: UnsafeRawBufferPointer, _ exif: inout Range<Int>?, _ xmp: inout Range<Int>?) {
    guard bytes.has("IHDR", at: 12), let width = bytes.bigEndian(at: 16, bytes: 4),
      let height = bytes.bigEndian(at: 20, bytes: 4)
    else { return }
    (self.width, self.height) = (width, height)
    guard bytes.count >= 26 else { return }
    isSixteenBitGrey = bytes[24] == 16 && bytes[25] == 0
    mayBeTransparent = bytes[25] & 4 != 0
    var at = 8
    while let length = bytes.bigEndian(at: at, bytes: 4), bytes.count - at - 12 >= length {
      let content = at + 8..<at + 8 + length
      if bytes.has("tRNS", at: at + 4) { mayBeTransparent = true }
      if bytes.has("acTL", at: at + 4) { isAnimated = true }
      if bytes.has("eXIf", at: at + 4) { exif = content }
      if bytes.has("iTXt", at: at + 4), let text = Self.xmpText(bytes, in: content) { xmp = text }
      at = content.upperBound + 4
    }
  }

  /// The text of an uncompressed iTXt chunk that holds XMP: keyword, flag, method, language and translation come first.
  private static func xmpText(_ bytes: UnsafeRawBufferPointer, in chunk: Range<Int>) -> Range<Int>? {
    let keyword = "XML:com.adobe.xmp\0"
    let flag = chunk.lowerBound + keyword.utf8.count
    guard bytes.has(keyword, at: chunk.lowerBound), flag + 2 <= chunk.upperBound, bytes[flag] == 0 else { return nil }
    let texts = bytes[flag + 2..<chunk.upperBound]
    guard let language = texts.firstIndex(of: 0), let translation = texts[(language + 1)...].firstIndex(of: 0) else {
      return nil
    }
    return translation + 1..<chunk.upperBound
  }

  /// Segments up to the scan: the frame header, SOF0 to SOF15, and APP1 (https://www.w3.org/Graphics/JPEG/itu-t81.pdf,
  /// B.2.2).
  mutating func readJPEG(_ bytes: UnsafeRawBufferPointer, _ exif: inout Range<Int>?, _ xmp: inout Range<Int>?) {
    var at = 2
    while at + 4 <= bytes.count, bytes[at] == 0xff {
      let marker = bytes[at + 1]
      switch marker {
      case 0xff:
        at += 1  // fill bytes may precede a marker
        continue
      case 0x01, 0xd0...0xd7:
        at += 2
        continue
      case 0xd9, 0xda: return
      default: break
      }
      guard let length = bytes.bigEndian(at: at + 2, bytes: 2), length >= 2 else { return }
      // Tables of Huffman and arithmetic codes stand among the numbers of frame headers.
      if (0xc0...0xcf).contains(marker), ![0xc4, 0xc8, 0xcc].contains(marker), width == 0,
        let rows = bytes.bigEndian(at: at + 5, bytes: 2), let columns = bytes.bigEndian(at: at + 7, bytes: 2)
      {
        (width, height) = (columns, rows)
        hasFourInks = bytes.count > at + 9 && bytes[at + 9] == 4
      }
      let end = at + 2 + length
      guard end <= bytes.count else { return }
      let (label, namespace) = ("Exif\0\0", "http://ns.adobe.com/xap/1.0/\0")
      if marker == 0xe1, exif == nil, bytes.has(label, at: at + 4), length >= 2 + label.utf8.count {
        exif = at + 4 + label.utf8.count..<end
      } else if marker == 0xe1, bytes.has(namespace, at: at + 4), length >= 2 + namespace.utf8.count {
        xmp = at + 4 + namespace.utf8.count..<end
      }
      at = end
    }
  }

  /// The first chunk has the size, and EXIF and XMP have chunks of their own (RFC 9649).
  mutating func readWebP(_ bytes: UnsafeRawBufferPointer, _ exif: inout Range<Int>?, _ xmp: inout Range<Int>?) {
    if bytes.has("VP8X", at: 12) {
      guard let columns = bytes.littleEndian(at: 24, bytes: 3), let rows = bytes.littleEndian(at: 27, bytes: 3) else {
        return
      }
      (width, height) = (columns + 1, rows + 1)
      mayBeTransparent = bytes[20] & 0x10 != 0
      isAnimated = bytes[20] & 0x02 != 0
    } else if bytes.has("VP8L", at: 12) {
      guard bytes.count > 20, bytes[20] == 0x2f, let bits = bytes.littleEndian(at: 21, bytes: 4) else { return }
      (width, height) = (bits & 0x3fff + 1, bits >> 14 & 0x3fff + 1)
      mayBeTransparent = bits >> 28 & 1 == 1
    } else if bytes.has("VP8 ", at: 12) {
      guard let columns = bytes.littleEndian(at: 26, bytes: 2), let rows = bytes.littleEndian(at: 28, bytes: 2) else {
        return
      }
      (width, height) = (columns & 0x3fff, rows & 0x3fff)
    }
    var at = 12
    while let length = bytes.littleEndian(at: at + 4, bytes: 4), bytes.count - at - 8 >= length {
      let content = at + 8..<at + 8 + length
      if exif == nil, bytes.has("EXIF", at: at) { exif = content }
      if xmp == nil, bytes.has("XMP ", at: at) { xmp = content }
      at = content.upperBound + length % 2
    }
  }

  /// Screen, extensions and the frame of the first image, whose size counts where it is larger than the screen; then
  /// whether another image follows (https://www.w3.org/Graphics/GIF/spec-gif89a.txt).
  mutating func readGIF(_ bytes: UnsafeRawBufferPointer) {
    guard let columns = bytes.littleEndian(at: 6, bytes: 2), let rows = bytes.littleEndian(at: 8, bytes: 2),
      bytes.count > 13
    else { return }
    func table(_ flags: UInt8) -> Int { flags & 0x80 != 0 ? 3 << (Int(flags & 7) + 1) : 0 }
    func afterBlocks(_ start: Int) -> Int {
      var at = start
      while at < bytes.count, bytes[at] != 0 { at += 1 + Int(bytes[at]) }
      return at + 1
    }
    var at = 13 + table(bytes[10])
    while at + 1 < bytes.count {
      switch bytes[at] {
      case 0x21:
        // A graphic control block of which the lowest flag is set names a transparent colour.
        if width == 0, bytes[at + 1] == 0xf9, at + 3 < bytes.count, bytes[at + 3] & 1 == 1 { mayBeTransparent = true }
        at = afterBlocks(at + 2)
      case 0x2c:
        guard at + 10 < bytes.count else { return }
        if width > 0 {
          isAnimated = true
          return
        }
        let frame = [1, 3, 5, 7].compactMap { bytes.littleEndian(at: at + $0, bytes: 2) }
        (width, height) = (max(columns, frame[0] + frame[2]), max(rows, frame[1] + frame[3]))
        at = afterBlocks(at + 11 + table(bytes[at + 9]))
      default: return
      }
    }
  }
}

/// The value of tag 0x0112 in the first directory of a TIFF block, which some writers put behind EXIF's label once more;
/// nil where there is none.
func tiffOrientation(_ block: UnsafeRawBufferPointer) -> Int? {
  var start = 0
  while start < 12, block.has("Exif\0\0", at: start) { start += 6 }
  let bytes = UnsafeRawBufferPointer(rebasing: block[start...])
  let isLittleEndian = bytes.has("II", at: 0)
  // Both orders of the number 42 are met under either mark.
  guard isLittleEndian || bytes.has("MM", at: 0), let mark = bytes.bigEndian(at: 2, bytes: 2),
    mark == 0x002a || mark == 0x2a00
  else { return nil }
  func number(_ offset: Int, _ count: Int) -> Int? {
    isLittleEndian ? bytes.littleEndian(at: offset, bytes: count) : bytes.bigEndian(at: offset, bytes: count)
  }
  guard let directory = number(4, 4), let entries = number(directory, 2) else { return nil }
  for entry in 0..<entries {
    let at = directory + 2 + 12 * entry
    guard let tag = number(at, 2), let type = number(at + 2, 2), let count = number(at + 4, 4) else { return nil }
    guard tag == 0x0112 else { continue }
    // SHORT and LONG, and both with a sign. A list is no orientation.
    guard count == 1, let width = [3: 2, 4: 4, 8: 2, 9: 4][type] else { return 1 }
    return number(at + 8, width)
  }
  return nil
}

/// The first digit behind `tiff:Orientation` in XMP, as an attribute or an element; nil where there is none.
func xmpOrientation(_ text: UnsafeRawBufferPointer) -> Int? {
  let name = "tiff:Orientation"
  var rest = text[...]
  while let at = rest.firstIndex(of: UInt8(ascii: "t")) {
    rest = rest[(at + 1)...]
    guard text.has(name, at: at) else { continue }
    var value = at + name.utf8.count
    if text.has("=\"", at: value) { value += 2 } else if text.has(">", at: value) { value += 1 } else { continue }
    guard value < text.count, (0x30...0x39).contains(text[value]) else { continue }
    return Int(text[value]) - 0x30
  }
  return nil
}
