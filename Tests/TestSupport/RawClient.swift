internal import Foundation

/// A connection to a server on this machine that sends whatever bytes a test wants, and goes when it wants.
package final class RawClient: Sendable {
  private let socket: Int32

  package init(port: Int) throws {
    #if canImport(Darwin)
      let stream = SOCK_STREAM
    #else
      let stream = Int32(SOCK_STREAM.rawValue)
    #endif
    socket = Foundation.socket(AF_INET, stream, 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { throw POSIXError(.ECONNREFUSED) }
    // A server that never answers fails a test and does not hold it.
    var limit = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(socket) }

  /// Sends all of it, or as much as the server takes; how much that was.
  @discardableResult package func send(_ bytes: some Collection<UInt8>) -> Int {
    let bytes = Array(bytes)
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Foundation.send(socket, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { break }
      sent += count
    }
    return sent
  }

  @discardableResult package func send(_ text: String) -> Int { send(text.utf8) }

  /// Sends a part again and again until the server takes no more; whether it took a gigabyte, which no socket holds.
  package func floods(with part: some Collection<UInt8>) -> Bool {
    let part = Array(part)
    for _ in 0..<(1 << 30) / part.count where send(part) < part.count { return false }
    return true
  }

  /// A request without a body; `more` are further lines of its head.
  package func ask(_ method: String = "GET", _ path: String, _ more: String...) {
    send("\(method) \(path) HTTP/1.1\r\n" + (["Host: 127.0.0.1"] + more + ["", ""]).joined(separator: "\r\n"))
  }

  /// What comes until a text is there, or the server closes.
  package func read(until end: String? = nil, limit: Int = .max) -> String {
    var all: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    while all.count < limit {
      if let end, String(decoding: all, as: UTF8.self).contains(end) { break }
      let count = recv(socket, &piece, piece.count, 0)
      guard count > 0 else { break }
      all += piece[..<count]
    }
    return String(decoding: all, as: UTF8.self)
  }

  /// Whether the server has closed, when all that it sent is read.
  package func isClosed() -> Bool {
    var byte: UInt8 = 0
    let count = recv(socket, &byte, 1, 0)
    return count == 0 || count < 0 && errno != EAGAIN
  }

  /// Closes the half that sends.
  package func finish() { shutdown(socket, Int32(SHUT_WR)) }

  /// Goes as a process does that ends with unread bytes.
  package func reset() {
    var now = linger(l_onoff: 1, l_linger: 0)
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    // Its number stays taken until the end.
    let nothing = open("/dev/null", O_RDWR)
    dup2(nothing, socket)
    close(nothing)
  }

  /// Goes without a word.
  package func leave() { shutdown(socket, Int32(SHUT_RDWR)) }
}
