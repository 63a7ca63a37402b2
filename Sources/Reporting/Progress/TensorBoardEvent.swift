/// One record of a TensorBoard event file: TensorFlow's `Event` message (`tensorflow/core/util/event.proto`) in a
/// TFRecord frame.
package struct TensorBoardEvent: Sendable, Equatable {
  /// What an event can say here.
  package enum Content: Sendable, Equatable {
    /// The first record of every file: `brain.Event:2`.
    case fileVersion(String)
    /// Values by tag at one step.
    case scalars([(tag: String, value: Float)])
    /// A training that goes on from here: readers forget what they have of this step and later ones.
    case sessionStart

    package static func == (left: Content, right: Content) -> Bool {
      switch (left, right) {
      case (.fileVersion(let a), .fileVersion(let b)): a == b
      case (.scalars(let a), .scalars(let b)): a.elementsEqual(b, by: ==)
      case (.sessionStart, .sessionStart): true
      default: false
      }
    }
  }

  /// Seconds since 1970.
  package var wallTime: Double
  /// The global step.
  package var step: Int
  package var content: Content

  package init(wallTime: Double, step: Int = 0, content: Content) {
    (self.wallTime, self.step, self.content) = (wallTime, step, content)
  }

  /// The protocol-buffer message.
  package var message: [UInt8] {
    var event = ProtobufBytes()
    event.double(wallTime, field: 1)
    if step != 0 { event.varint(UInt64(bitPattern: Int64(step)), field: 2) }
    switch content {
    case .fileVersion(let version):
      event.bytes(Array(version.utf8), field: 3)
    case .scalars(let scalars):
      var summary = ProtobufBytes()
      for (tag, value) in scalars {
        var entry = ProtobufBytes()
        entry.bytes(Array(tag.utf8), field: 1)
        entry.float(value, field: 2)
        summary.bytes(entry.contents, field: 1)
      }
      event.bytes(summary.contents, field: 5)
    case .sessionStart:
      var session = ProtobufBytes()
      session.varint(1, field: 1)
      event.bytes(session.contents, field: 7)
    }
    return event.contents
  }

  /// The framed record: length, its checksum, message, its checksum; all numbers little-endian, checksums masked.
  package var record: [UInt8] {
    let message = message
    let length = littleEndian(UInt64(message.count))
    return length + littleEndian(CRC32C.maskedChecksum(length)) + message
      + littleEndian(CRC32C.maskedChecksum(message))
  }
}

/// The four ways in which the messages above write a field (protocol buffers, wire types 0, 1, 2 and 5).
private struct ProtobufBytes {
  var contents: [UInt8] = []

  mutating func varint(_ value: UInt64, field: UInt64) {
    raw(field << 3)
    raw(value)
  }

  mutating func double(_ value: Double, field: UInt64) {
    raw(field << 3 | 1)
    contents += littleEndian(value.bitPattern)
  }

  mutating func bytes(_ bytes: [UInt8], field: UInt64) {
    raw(field << 3 | 2)
    raw(UInt64(bytes.count))
    contents += bytes
  }

  mutating func float(_ value: Float, field: UInt64) {
    raw(field << 3 | 5)
    contents += littleEndian(value.bitPattern)
  }

  private mutating func raw(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      contents.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    contents.append(UInt8(rest))
  }
}

private func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}
