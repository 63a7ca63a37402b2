internal import Foundation

/// Turns away what a page of another origin could send to this machine.
///
/// A browser lets any page post to `127.0.0.1`, and a name that is pointed here after its page was loaded can even read
/// the answers (DNS rebinding). Both are told by their headers, which a page can't forge: the `Host` must be a name of
/// this machine, and an `Origin`, where one is sent, must be that host. A port may differ from the server's own, since
/// tunnels move it; programs that send no `Origin` are no pages.
enum LoopbackGuard {
  /// Why the request is refused; nil where it is not.
  static func refusal(host: String?, origin: String?) -> String? {
    guard let host, isThisMachine(host) else {
      return "the host '\(host ?? "")' is not 127.0.0.1, localhost or [::1]"
    }
    guard let origin else { return nil }
    return origin.lowercased() == "http://" + host.lowercased()
      ? nil : "the page at '\(origin)' is not one of this server"
  }

  private static func isThisMachine(_ host: String) -> Bool {
    let host = host.lowercased()
    return ["127.0.0.1", "localhost", "[::1]"].contains { name in
      guard host.hasPrefix(name) else { return false }
      let rest = host.dropFirst(name.count)
      return rest.isEmpty || rest.hasPrefix(":") && rest.count > 1 && rest.dropFirst().allSatisfy(\.isNumber)
    }
  }
}
