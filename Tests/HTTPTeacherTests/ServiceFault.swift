import Foundation
import HTTPTeacher
import TestSupport
import Testing

/// One way in which a service speaks no HTTP, or breaks off, and what a transport makes of it.
struct ServiceFault: Sendable, CustomTestStringConvertible {
  enum Outcome: Sendable {
    case answered(status: Int, body: String)
    case brokenOff, timedOut, tooLarge
  }

  let testDescription: String
  let action: FaultyServer.Action
  let outcome: Outcome

  init(_ name: String, _ action: FaultyServer.Action, _ outcome: Outcome = .brokenOff) {
    (testDescription, self.action, self.outcome) = (name, action, outcome)
  }

  /// A response that is sent as it stands here, and the connection's end.
  private init(_ name: String, raw: String, _ more: [UInt8] = [], _ outcome: Outcome = .brokenOff) {
    self.init(name, .raw(Array(raw.utf8) + more), outcome)
  }

  private static let ok = "HTTP/1.1 200 OK\r\n"
  private static let chunked = ok + "Transfer-Encoding: chunked\r\n\r\n"
  private static let whole = Outcome.answered(status: 200, body: "{}")
  private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  /// Bodies may have a MiB.
  static let maximumBytes = 1 << 20

  static let all: [ServiceFault] = [
    // No connection, or no head.
    .init("closes without a word", .close),
    .init("takes the question and stays silent", .silence, .timedOut),
    .init("an empty line alone", raw: "\r\n\r\n"),
    .init("ends within the status line", raw: "HTTP/1."),
    .init("ends within the head", raw: ok + "Content-Le"),
    .init("another protocol's greeting", raw: "220 mail.example ESMTP\r\n"),
    .init("a page without a head, as HTTP/0.9 has it", raw: "<html>welcome</html>"),
    .init("TLS in answer to plain text", .raw([0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46])),
    .init("NUL bytes", .raw(Array(repeating: 0, count: 4096))),
    .init("no status", raw: "HTTP/1.1 OK\r\nContent-Length: 2\r\n\r\n{}"),
    .init("status 0", raw: "HTTP/1.1 000 X\r\nContent-Length: 2\r\n\r\n{}"),
    .init("status 999", raw: "HTTP/1.1 999 X\r\nContent-Length: 2\r\n\r\n{}"),
    .init("status 99999", raw: "HTTP/1.1 99999 X\r\nContent-Length: 2\r\n\r\n{}"),
    .init("status -200", raw: "HTTP/1.1 -200 X\r\nContent-Length: 2\r\n\r\n{}"),
    .init("version 9.9", raw: "HTTP/9.9 200 X\r\nContent-Length: 2\r\n\r\n{}"),
    .init("only asks to wait", raw: "HTTP/1.1 100 Continue\r\n\r\n"),
    .init("asks to wait for ever", .endless([], then: bytes("HTTP/1.1 102 Processing\r\n\r\n"))),
    .init("another protocol from here on", raw: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n{}"),
    // Headers.
    .init("headers without end", .endless(bytes(ok), then: bytes("X-A: 1\r\n"))),
    .init("one header without end", .endless(bytes(ok + "X-A: "), then: bytes("aaaaaaaaaaaaaaaa"))),
    .init("a NUL in a header", raw: ok + "X-A: a\u{0}b\r\nContent-Length: 2\r\n\r\n{}"),
    .init(
      "five thousand headers", raw: ok + String(repeating: "X-A: 1\r\n", count: 5000) + "Content-Length: 2\r\n\r\n{}",
      [], whole),
    .init("a header that goes on in the next line", raw: ok + "X-A: 1\r\n 2\r\nContent-Length: 2\r\n\r\n{}", [], whole),
    .init(
      "bytes of no encoding in a header",
      .raw(bytes(ok + "X-A: ") + [0xFF, 0xFE, 0x80] + bytes("\r\nContent-Length: 2\r\n\r\n{}")), whole),
    .init(
      "a redirect to itself", raw: "HTTP/1.1 302 Found\r\nLocation: /v1/x\r\nContent-Length: 2\r\n\r\n{}", [],
      .answered(status: 302, body: "{}")),
    // Lengths.
    .init("a length below 0", raw: ok + "Content-Length: -2\r\n\r\n{}"),
    .init("a length that is no number", raw: ok + "Content-Length: two\r\n\r\n{}"),
    .init(
      "a length of thirty digits", raw: ok + "Content-Length: \(String(repeating: "9", count: 30))\r\n\r\n{}", [],
      .tooLarge),
    .init("a length above what a body may have", raw: ok + "Content-Length: 200000000\r\n\r\n", [], .tooLarge),
    .init("ends within the body", raw: ok + "Content-Length: 200\r\n\r\n{}"),
    .init("resets the connection within the body", .breakOff(body: Array(repeating: 0x20, count: 500), after: 100)),
    .init(
      "a body without length or end", .endless(bytes(ok + "\r\n"), then: Array(repeating: 0x20, count: 4096)), .tooLarge
    ),
    .init("a body byte by byte", .drip(body: Array(repeating: 0x20, count: 1000), milliseconds: 50), .timedOut),
    .init("the answer twice", .twice(body: bytes("{}")), whole),
    // Chunks.
    .init("a chunk's length is no number", raw: chunked + "zz\r\n{}\r\n0\r\n\r\n"),
    .init("a chunk's length of twenty digits", raw: chunked + "ffffffffffffffffffff\r\n{}\r\n0\r\n\r\n"),
    .init("a chunk without its end", raw: chunked + "2\r\n{}xx0\r\n\r\n"),
    .init("ends before the last chunk", raw: chunked + "2\r\n{}\r\n"),
    .init("chunks without end", .endless(bytes(chunked), then: bytes("1\r\n \r\n")), .tooLarge),
    .init("trailers without end", .endless(bytes(chunked + "2\r\n{}\r\n0\r\n"), then: bytes("X-A: 1\r\n"))),
    .init(
      "chunks and a length that says otherwise",
      raw: ok + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", [], whole),
    // Compression.
    .init("said to be gzip", raw: ok + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}"),
    .init("gzip", raw: ok + "Content-Encoding: gzip\r\n\r\n", gzip, whole),
    .init("gzip cut short", raw: ok + "Content-Encoding: gzip\r\n\r\n", Array(gzip.dropLast(10))),
    .init(
      "gzip with a wrong sum", raw: ok + "Content-Encoding: gzip\r\n\r\n",
      Array(gzip.dropLast(8)) + [1, 2, 3, 4, 2, 0, 0, 0]),
    .init("gzip that unfolds to too much", raw: ok + "Content-Encoding: gzip\r\n\r\n", bomb, .tooLarge),
    .init("an encoding that does not exist", raw: ok + "Content-Encoding: folded\r\nContent-Length: 2\r\n\r\n{}"),
  ]

  /// `{}`, as gzip of zlib 1.2.13 writes it.
  static let gzip: [UInt8] = [
    0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0xAB, 0xAE, 0x05, 0x00, 0x43, 0xBF, 0xA6, 0xA3, 2, 0, 0, 0,
  ]

  /// Some two MiB of zeros in 13 kB: one block of fixed codes, a zero and 8,192 copies of the 258 bytes before (RFC 1951).
  private static let bomb: [UInt8] = {
    var bits: [UInt8] = [1, 1, 0]
    bits += [0, 0, 1, 1, 0, 0, 0, 0]
    for _ in 0..<8192 { bits += [1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0] }
    var bytes: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
    for start in stride(from: 0, to: bits.count, by: 8) {
      bytes.append(bits[start..<min(start + 8, bits.count)].reversed().reduce(0) { $0 << 1 | $1 })
    }
    return bytes
  }()
}
