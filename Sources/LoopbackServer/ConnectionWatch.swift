#if Run
  internal import CMicroHTTPD
  internal import Foundation
  internal import Synchronization

  /// Looks after the connections of a server where its parser does not: tells requests whose client has gone, ends
  /// connections that take their time over a request, and reads a little of what refused clients still send, since closing
  /// a connection with unread bytes would take the answer from them.
  final class ConnectionWatch: Sendable {
    /// Most connections. Beyond `crowd` the one that has waited longest for its client makes room.
    static let limit = 512
    private static let crowd = 448
    /// What is read of a refused body at most, for so long at most, on so many connections at most.
    private static let lingering = (bytes: 1 << 20, duration: Duration.seconds(2), connections: 64)

    private struct Connection {
      let socket: Int32
      var since = ContinuousClock.now
      /// When the body began that is being read.
      var bodySince = ContinuousClock.now
      var deadline: ContinuousClock.Instant
      /// The request that is being answered.
      var exchange: LoopbackExchange?
      var isClientGone = false
      /// Its other end has been found to be this process's user's.
      var isOwnUser = false
      var isShut = false

      mutating func shut() {
        isShut = true
        _ = shutdown(socket, Int32(SHUT_RDWR))
      }
    }

    private struct Rest {
      let socket: Int32
      var bytes = ConnectionWatch.lingering.bytes
      let deadline = ContinuousClock.now + ConnectionWatch.lingering.duration
    }

    private struct State {
      var connections: [UInt64: Connection] = [:]
      var rests: [UInt64: Rest] = [:]
      var last: UInt64 = 0
      var isOver = false

      mutating func number() -> UInt64 {
        last += 1
        return last
      }
    }

    private let state = Mutex(State())
    private let watch: sd_watch
    private let patience: Duration

    /// Nil where the system has no descriptors left.
    ///
    /// - Parameter patience: after so long a head must be there, and a body with another second for each 64 KiB of it.
    init?(patience: Duration) {
      self.patience = patience
      watch = sd_watch_open()
      guard watch.events >= 0, watch.bell >= 0 else { return nil }
    }

    deinit { sd_watch_close(watch) }

    func start() { Thread.detachNewThread { self.work() } }

    func stop() {
      state.withLock { $0.isOver = true }
      sd_watch_ring(watch)
    }

    func opened(_ socket: Int32) -> UInt64 {
      let (number, isFirst) = state.withLock { state in
        if state.connections.count >= Self.crowd,
          let longest = state.connections.filter({ $0.value.exchange == nil && !$0.value.isShut })
            .min(by: { $0.value.since < $1.value.since })
        {
          state.connections[longest.key]?.shut()
        }
        let number = state.number()
        state.connections[number] = Connection(socket: socket, deadline: .now + patience)
        return (number, state.connections.count + state.rests.count == 1)
      }
      sd_watch_end(watch, socket, number)
      if isFirst { sd_watch_ring(watch) }
      return number
    }

    /// Its socket is about to be closed.
    func closed(_ number: UInt64) {
      guard let connection = state.withLock({ $0.connections.removeValue(forKey: number) }) else { return }
      sd_watch_forget(watch, connection.socket)
    }

    /// Whether its other end belongs to this process's user.
    func isOwnUser(_ number: UInt64) -> Bool {
      guard let (socket, isKnown) = state.withLock({ $0.connections[number].map { ($0.socket, $0.isOwnUser) } }) else {
        return false
      }
      guard isKnown || PeerUser.isOwn(socket) else { return false }
      state.withLock { $0.connections[number]?.isOwnUser = true }
      return true
    }

    /// So many bytes of a body are there, none at its beginning.
    func reads(_ number: UInt64, _ count: Int) {
      state.withLock { state in
        guard var connection = state.connections[number] else { return }
        if count == 0 { connection.bodySince = .now }
        connection.deadline = connection.bodySince + patience + .seconds(count >> 16)
        state.connections[number] = connection
      }
    }

    /// A request is whole; whether its client has gone already.
    func handles(_ number: UInt64, _ exchange: LoopbackExchange) -> Bool {
      state.withLock { state in
        state.connections[number]?.exchange = exchange
        return state.connections[number]?.isClientGone ?? true
      }
    }

    /// The request is answered, and another one may come.
    func rests(_ number: UInt64) {
      state.withLock {
        $0.connections[number]?.exchange = nil
        $0.connections[number]?.since = .now
        $0.connections[number]?.deadline = .now + patience
      }
    }

    /// The connection is to be closed though its client may still send.
    ///
    /// - Parameter last: what is sent before that; nil where the parser answers.
    func lingers(_ number: UInt64, saying last: Data? = nil) {
      state.withLock { state in
        guard let connection = state.connections[number] else { return }
        let socket = fcntl(connection.socket, F_DUPFD_CLOEXEC, 0)
        guard socket >= 0 else { return }
        if let last {
          _ = last.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
          shutdown(socket, Int32(SHUT_WR))
        }
        guard state.rests.count < Self.lingering.connections else {
          close(socket)
          return
        }
        let number = state.number()
        state.rests[number] = Rest(socket: socket)
        sd_watch_bytes(watch, socket, number)
      }
    }

    private func work() {
      var found = [UInt64](repeating: 0, count: 64)
      var swept = ContinuousClock.now
      while true {
        let (isOver, isIdle) = state.withLock { ($0.isOver, $0.connections.isEmpty && $0.rests.isEmpty) }
        if isOver { break }
        let count = sd_watch_wait(watch, &found, Int32(found.count), isIdle ? -1 : 1000)
        for number in found.prefix(Int(count)) { happened(number) }
        guard ContinuousClock.now - swept >= .seconds(1) else { continue }
        swept = .now
        sweep(swept)
      }
      state.withLock { state in
        for rest in state.rests.keys { end(rest, &state) }
      }
    }

    /// A client went, or a refused one sends on.
    private func happened(_ number: UInt64) {
      let exchange = state.withLock { state -> LoopbackExchange? in
        if let rest = state.rests[number] {
          let count = withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 8) {
            recv(rest.socket, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
          }
          state.rests[number]?.bytes -= count
          guard count <= 0 || rest.bytes <= count else { return nil }
          end(number, &state)
        }
        state.connections[number]?.isClientGone = true
        return state.connections[number]?.exchange
      }
      exchange?.clientWent()
    }

    private func sweep(_ now: ContinuousClock.Instant) {
      state.withLock { state in
        for (number, connection) in state.connections
        where connection.exchange == nil && connection.deadline < now && !connection.isShut {
          state.connections[number]?.shut()
        }
        for (number, rest) in state.rests where rest.deadline < now { end(number, &state) }
      }
    }

    /// While the parser has the connection open, too, closing this descriptor would leave it watched.
    private func end(_ rest: UInt64, _ state: inout State) {
      guard let socket = state.rests.removeValue(forKey: rest)?.socket else { return }
      sd_watch_forget(watch, socket)
      close(socket)
    }
  }
#endif
