public import Foundation

/// A server on loopback that does what a script says, faults included: a thread for each connection, plain sockets, no
/// package. It stops with its last reference.
public final class FaultyServer: Sendable {
  /// What a client sent.
  public struct Request: Sendable {
    /// Counts all requests of the server, from 0.
    public let number: Int
    /// Such as `/v1/chat/completions`.
    public let path: String
    /// Names in lower case.
    public let headers: [String: String]
    /// The body, whole.
    public let body: [UInt8]
  }

  /// What the server does about it.
  public enum Action: Sendable {
    /// Answers as a server should.
    case answer(status: Int = 200, headers: [String] = [], body: [UInt8])
    /// Answers, and sends the same answer once more although nobody asked.
    case twice(body: [UInt8])
    /// Announces a body and breaks the connection off after so many of its bytes.
    case breakOff(body: [UInt8], after: Int)
    /// Closes the connection without a word.
    case close
    /// Sends a body byte by byte with a pause of so many milliseconds, until the client has enough.
    case drip(body: [UInt8], milliseconds: Int)
    /// Sends a body that never ends, as fast as it is taken.
    case flood
    /// Sends these bytes as they are, and closes.
    case raw([UInt8])
    /// Sends these bytes as they are, then the others again and again, as fast as they are taken.
    case endless([UInt8], then: [UInt8])
    /// Takes the question and says nothing, until the client has enough.
    case silence
  }

  /// Where it listens.
  public let port: UInt16
  /// Its address up to and with `/v1`.
  public var base: URL {
    guard let url = URL(string: "http://127.0.0.1:\(port)/v1") else { preconditionFailure("port \(port)") }
    return url
  }

  private let listener: Int32
  private let state: State

  private final class State: @unchecked Sendable {
    let lock = NSLock()
    var count = 0
    var connections: Set<Int32> = []
    var isStopped = false
    let script: @Sendable (Request) -> Action

    init(_ script: @escaping @Sendable (Request) -> Action) { self.script = script }

    func next() -> Int {
      defer { count += 1 }
      return count
    }

    func locked<Result>(_ body: (State) -> Result) -> Result {
      lock.lock()
      defer { lock.unlock() }
      return body(self)
    }
  }

  /// Requests so far.
  public var requests: Int { state.locked { $0.count } }

  /// Starts a server.
  ///
  /// - Parameters:
  ///   - port: 0 for any free one.
  ///   - script: called for each request, at the same time for requests of several connections.
  public init(port wanted: UInt16 = 0, _ script: @escaping @Sendable (Request) -> Action) throws {
    state = State(script)
    signal(SIGPIPE, SIG_IGN)
    #if os(Linux)
      let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let listener = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    var one: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = wanted.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
        bind(listener, raw, size) == 0 && listen(listener, 512) == 0 && getsockname(listener, raw, &size) == 0
      }
    }
    guard isBound else {
      close(listener)
      throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
    }
    self.listener = listener
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [state] in
      // The thread alone closes the listener: were it closed elsewhere, its number could be that of another server before
      // this thread came back to accept.
      defer { close(listener) }
      while true {
        let connection = accept(listener, nil, nil)
        let isStopped = state.locked { state in
          if !state.isStopped, connection >= 0 { state.connections.insert(connection) }
          return state.isStopped
        }
        guard !isStopped else {
          if connection >= 0 { close(connection) }
          return
        }
        // One that went before it was taken is no reason to end.
        guard connection >= 0 else {
          usleep(1000)
          continue
        }
        let thread = Thread {
          Connection(connection).serve(state.script, count: { state.locked { $0.next() } })
          // Closing under the lock, so that stopping never shuts down a descriptor that was given to another.
          state.locked { state in
            state.connections.remove(connection)
            close(connection)
          }
        }
        thread.stackSize = 256 << 10
        thread.start()
      }
    }
  }

  deinit {
    state.locked { state in
      state.isStopped = true
      for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
      // Ends the waiting of the thread that accepts, which is there until it sees that the server is stopped.
      shutdown(listener, Int32(SHUT_RDWR))
    }
  }
}

/// One connection: requests one after the other.
private struct Connection {
  let descriptor: Int32
  var buffer: [UInt8] = []

  init(_ descriptor: Int32) {
    self.descriptor = descriptor
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
  }

  func serve(_ script: (FaultyServer.Request) -> FaultyServer.Action, count: () -> Int) {
    var connection = self
    while let request = connection.read(count) {
      guard connection.perform(script(request)) else { return }
    }
  }

  private mutating func read(_ count: () -> Int) -> FaultyServer.Request? {
    var head: Int?
    while head == nil {
      head = end(ofHeadIn: buffer)
      if head == nil, !fill() { return nil }
    }
    guard let head else { return nil }
    let lines = String(decoding: buffer[..<head], as: UTF8.self).components(separatedBy: "\r\n")
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    let length = headers["content-length"].flatMap(Int.init) ?? 0
    while buffer.count < head + 4 + length { guard fill() else { return nil } }
    let body = Array(buffer[(head + 4)..<(head + 4 + length)])
    buffer.removeFirst(head + 4 + length)
    let path = lines[0].split(separator: " ").dropFirst().first.map(String.init) ?? ""
    return .init(number: count(), path: path, headers: headers, body: body)
  }

  private func end(ofHeadIn bytes: [UInt8]) -> Int? {
    guard bytes.count >= 4 else { return nil }
    return (0...(bytes.count - 4)).first { bytes[$0...].starts(with: [13, 10, 13, 10]) }
  }

  private mutating func fill() -> Bool {
    var part = [UInt8](repeating: 0, count: 64 << 10)
    let got = recv(descriptor, &part, part.count, 0)
    guard got > 0 else { return false }
    buffer += part[..<got]
    return true
  }

  /// Whether the connection goes on.
  private func perform(_ action: FaultyServer.Action) -> Bool {
    func head(_ status: Int, _ headers: [String], _ length: Int) -> [UInt8] {
      let lines = ["HTTP/1.1 \(status) X", "Content-Type: application/json", "Content-Length: \(length)"] + headers
      return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }
    switch action {
    case .answer(let status, let headers, let body): return write(head(status, headers, body.count) + body)
    case .twice(let body):
      let answer = head(200, [], body.count) + body
      return write(answer + answer)
    case .breakOff(let body, let after):
      _ = write(head(200, [], body.count) + body.prefix(after))
      // A reset and not an orderly end.
      var linger = linger(l_onoff: 1, l_linger: 0)
      setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
      return false
    case .close: return false
    case .drip(let body, let milliseconds):
      guard write(head(200, [], body.count)) else { return false }
      for byte in body {
        usleep(UInt32(milliseconds) * 1000)
        guard write([byte]) else { return false }
      }
      return true
    case .flood: return perform(.endless(head(200, [], 1 << 40), then: Array(repeating: 0x20, count: 64 << 10)))
    case .endless(let bytes, let part):
      guard write(bytes) else { return false }
      while write(part) {}
      return false
    case .silence:
      var byte: UInt8 = 0
      while recv(descriptor, &byte, 1, 0) > 0 {}
      return false
    case .raw(let bytes):
      _ = write(bytes)
      return false
    }
  }

  private func write(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { raw in
        raw.baseAddress.map { send(descriptor, $0 + sent, raw.count - sent, 0) } ?? -1
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }
}
