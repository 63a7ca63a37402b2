#if Run
  internal import Foundation

  /// Who is at the other end of a connection on this machine.
  enum PeerUser {
    /// Whether it is the user of this process, or root, who can read everything anyway. A connection whose other end is
    /// closed belongs to nobody.
    static func isOwn(_ socket: Int32) -> Bool {
      guard let user = id(of: socket) else { return false }
      return user == geteuid() || user == 0
    }

    /// As the system's tables of connections have it (`man 5 proc`); nil where they don't.
    private static func id(of socket: Int32) -> uid_t? {
      guard let peer = name(socket, getpeername), let own = name(socket, getsockname) else { return nil }
      // A socket of IPv6 may be connected to an address of IPv4.
      for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        for line in lines(of: table) {
          let fields = line.split(whereSeparator: \.isWhitespace)
          if fields.count > 7, fields[1].hasSuffix(peer), fields[2].hasSuffix(own), fields[3] == "01" {
            return uid_t(fields[7])
          }
        }
      }
      return nil
    }

    /// Read to the end: these files have no size, and Foundation takes the first piece of such a one for the whole.
    private static func lines(of table: String) -> [Substring] {
      let file = open(table, O_RDONLY | O_CLOEXEC)
      guard file >= 0 else { return [] }
      defer { close(file) }
      var bytes: [UInt8] = []
      var piece = [UInt8](repeating: 0, count: 64 << 10)
      while case let count = read(file, &piece, piece.count), count > 0 { bytes += piece[..<count] }
      return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }

    /// One end as the tables spell it: `0100007F:1F90` is 127.0.0.1:8080.
    private static func name(
      _ socket: Int32, _ end: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> String? {
      var address = sockaddr_in()
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let status = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { end(socket, $0, &size) }
      }
      guard status == 0 else { return nil }
      func hex(_ number: UInt32, _ digits: Int) -> String {
        let text = String(number, radix: 16, uppercase: true)
        return String(repeating: "0", count: digits - text.count) + text
      }
      return hex(address.sin_addr.s_addr, 8) + ":" + hex(UInt32(in_port_t(bigEndian: address.sin_port)), 4)
    }
  }
#endif
