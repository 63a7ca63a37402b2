import Evaluation
import Reporting
import Foundation
import Testing
import TestSupport

private func hexadecimal(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02x", $0) }.joined() }

@Suite struct TensorBoardWriterTests {
  @Test func `the checksum of the nine digits is the published one, masked and not`() {
    #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
    #expect(CRC32C.maskedChecksum(Array("123456789".utf8)) == 0xC78A_B0E5)
    #expect(CRC32C.checksum([UInt8]()) == 0)
  }

  /// RFC 3720, appendix B.4.
  @Test func `the checksums of 32 zeros, 32 ones and 0 to 31 are the published ones`() {
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32C.checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(CRC32C.checksum([UInt8](0..<32)) == 0x46DD_794E)
  }

  @Test func `records are byte for byte those that TensorBoard checks`() {
    let version = TensorBoardEvent(wallTime: 1, content: .fileVersion("brain.Event:2"))
    #expect(
      hexadecimal(version.record)
        == "1800000000000000a37f4b2209000000000000f03f1a0d627261696e2e4576656e743a3286bf577a")
    let loss = TensorBoardEvent(wallTime: 1, step: 7, content: .scalars([("loss", 0.5)]))
    #expect(
      hexadecimal(loss.record)
        == "1a00000000000000129bd82d09000000000000f03f10072a0d0a0b0a046c6f7373150000003f862c9a2f")
  }

  @Test func `steps beyond one byte and a new session are written as protocol buffers write them`() {
    // 300 = 0b10_0101100: ac 02. Field 7, two bytes: status (field 1) = 1 (START).
    let event = TensorBoardEvent(wallTime: 0, step: 300, content: .sessionStart)
    #expect(hexadecimal(event.message) == "090000000000000000" + "10ac02" + "3a020801")
    #expect(event == event && event.content != .scalars([]))
  }

  @Test func `a file has the name of its second, host and process, and a second one the next number`() throws {
    try withTemporaryFolder { folder in
      let first = try TensorBoardWriter(folder: folder, clock: { 1_700_000_000.5 })
      let second = try TensorBoardWriter(folder: folder, clock: { 1_700_000_000.5 })
      let name = first.file.lastPathComponent
      #expect(name.hasPrefix("events.out.tfevents.1700000000."))
      #expect(name.hasSuffix(".\(ProcessInfo.processInfo.processIdentifier).0"))
      #expect(second.file.lastPathComponent == name.dropLast() + "1")
    }
  }

  @Test func `a file is its records one after the other`() throws {
    try withTemporaryFolder { folder in
      let board = try TensorBoardWriter(folder: folder, resumingAfter: 6, clock: { 1 })
      try board.add([.loss: 0.5], prefix: "stage1/", step: 7)
      try board.add(["b": 1, "a": 2], step: 8)
      try board.add([String: Double](), step: 9)
      let expected: [TensorBoardEvent] = [
        .init(wallTime: 1, content: .fileVersion("brain.Event:2")),
        .init(wallTime: 1, step: 7, content: .sessionStart),
        .init(wallTime: 1, step: 7, content: .scalars([("stage1/loss", 0.5)])),
        .init(wallTime: 1, step: 8, content: .scalars([("a", 2), ("b", 1)])),
      ]
      #expect(try [UInt8](Data(contentsOf: board.file)) == expected.flatMap(\.record))
    }
  }

  @Test func `a folder that is not there is named`() throws {
    try withTemporaryFolder { folder in
      _ = #expect(throws: RunFileError.self) { try TensorBoardWriter(folder: folder.appendingPathComponent("missing")) }
    }
  }
}
