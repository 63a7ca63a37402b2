extension ImageHeader {
  /// Signature, IHDR, then chunks up to the end: `eXIf` and texts may stand behind the image data
  /// (https://www.w3.org/TR/png-3/#5Chunk-layout), but behind the first of several frames nothing is looked for, as in
  /// Pillow 13.
  mutating func readPNG(_ bytes: UnsafeRawBufferPointer, _ metadata: inout ImageMetadata) {
    guard bytes.has("IHDR", at: 12), let width = bytes.bigEndian(at: 16, bytes: 4),
      let height = bytes.bigEndian(at: 20, bytes: 4)
    else { return }
    (self.width, self.height) = (width, height)
    guard bytes.count >= 26 else { return }
    isSixteenBitGrey = bytes[24] == 16 && bytes[25] == 0
    mayBeTransparent = bytes[25] & 4 != 0
    var (frames, isFirstFrameTheImage, isBehindImage) = (0, false, false)
    var at = 8
    while let length = bytes.bigEndian(at: at, bytes: 4), bytes.count - at - 12 >= length {
      let content = UnsafeRawBufferPointer(rebasing: bytes[at + 8..<at + 8 + length])
      switch String(decoding: bytes[at + 4..<at + 8], as: UTF8.self) {
      case "tRNS": mayBeTransparent = true
      case "eXIf": metadata.exif = Array(content)
      case "tEXt": metadata.readText(.plain, content)
      case "zTXt": metadata.readText(.compressed, content)
      case "iTXt": metadata.readText(.international, content)
      case "acTL":
        isAnimated = true
        if !isBehindImage { frames = content.bigEndian(at: 0, bytes: 4) ?? 0 }
      case "fcTL":
        if isBehindImage, frames > 1 || frames == 1 && !isFirstFrameTheImage { return }
        isFirstFrameTheImage = true
      case "IDAT": isBehindImage = true
      case "IEND": return
      default: break
      }
      at += 12 + length
    }
  }

  /// Segments up to the scan: the frame header, SOF0 to SOF15, and APP1 (https://www.w3.org/Graphics/JPEG/itu-t81.pdf,
  /// B.2.2). What EXIF says may go on in another such segment; of several with XMP the last counts, as in Pillow 13.
  mutating func readJPEG(_ bytes: UnsafeRawBufferPointer, _ metadata: inout ImageMetadata) {
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
      if marker == 0xe1, bytes.has(label, at: at + 4), length >= 2 + label.utf8.count {
        if metadata.exif == nil { metadata.exif = Array(label.utf8) }
        metadata.exif?.append(contentsOf: bytes[at + 4 + label.utf8.count..<end])
      } else if marker == 0xe1, bytes.has(namespace, at: at + 4), length >= 2 + namespace.utf8.count {
        metadata.xmp = Array(bytes[at + 4 + namespace.utf8.count..<end])
      }
      at = end
    }
  }

  /// The first chunk has the size, and EXIF and XMP have chunks of their own (RFC 9649), which libwebp, and so Pillow 13,
  /// passes over where the first does not announce them.
  mutating func readWebP(_ bytes: UnsafeRawBufferPointer, _ metadata: inout ImageMetadata) {
    var announced: UInt8 = 0
    if bytes.has("VP8X", at: 12) {
      guard let columns = bytes.littleEndian(at: 24, bytes: 3), let rows = bytes.littleEndian(at: 27, bytes: 3) else {
        return
      }
      (width, height) = (columns + 1, rows + 1)
      announced = bytes[20]
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
    guard let stated = bytes.littleEndian(at: 4, bytes: 4) else { return }
    let end = min(bytes.count, stated + 8)
    var (at, hasEXIF, hasXMP) = (12, announced & 0x08 == 0, announced & 0x04 == 0)
    while !hasEXIF || !hasXMP, let length = bytes.littleEndian(at: at + 4, bytes: 4), end - at - 8 >= length {
      let content = bytes[at + 8..<at + 8 + length]
      if !hasEXIF, bytes.has("EXIF", at: at) { (metadata.exif, hasEXIF) = (Array(content), true) }
      if !hasXMP, bytes.has("XMP ", at: at) { (metadata.xmp, hasXMP) = (Array(content), true) }
      at = content.endIndex + length % 2
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
