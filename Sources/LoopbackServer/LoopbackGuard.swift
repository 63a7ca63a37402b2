internal import Foundation

/// What a request's head must be like for the rest to be read.
///
/// A browser lets any page post to `127.0.0.1`, and a name that is pointed here after its page was loaded can even read
/// the answers (DNS rebinding). Both are told by their headers, which a page can't forge: every `Host` must be a name of
/// this machine, and an `Origin`, where one is sent, must be that host. A port may differ from the server's own, since
/// tunnels move it; programs that send no `Origin` are no pages.
struct LoopbackGuard: Sendable {
  /// Why a request is not taken.
  struct Refusal: Error, Equatable {
    var status: Int
    var reason: String

    init(_ status: Int, _ reason: String) { (self.status, self.reason) = (status, "Refused: \(reason).") }
  }

  /// Bytes of the largest body.
  var maximumBodyBytes: Int
  /// What `Authorization: Bearer` must bear; nil where nothing is asked.
  var token: String?

  /// The request without its body, and whether one is announced.
  ///
  /// - Parameters:
  ///   - target: as the first line has it: `/photo?index=1`, or the same behind `http://` and an authority.
  ///   - fields: all header fields in their order.
  ///   - isPlain: false where the parser passed bytes over.
  func request(
    _ method: String, target: String, fields: [(name: String, value: String)], isPlain: Bool
  ) throws(Refusal) -> (request: LoopbackRequest, hasBody: Bool) {
    guard isPlain, Self.isText(target), fields.allSatisfy({ Self.isToken($0.name) && Self.isText($0.value) }) else {
      throw Refusal(400, "the head has bytes that none may have, or too many lines")
    }
    let values = Dictionary(grouping: fields) { $0.name.lowercased() }.mapValues { $0.map(\.value) }
    let (authority, path) = try Self.parts(of: target)
    let hosts = values["host"] ?? []
    guard let host = hosts.first, (hosts + (authority.map { [$0] } ?? [])).allSatisfy(Self.isThisMachine) else {
      let other = (hosts + [authority ?? ""]).first { !Self.isThisMachine($0) } ?? ""
      throw Refusal(403, "the host '\(other)' is not 127.0.0.1, localhost or [::1]")
    }
    guard hosts.count == 1 else { throw Refusal(400, "there are \(hosts.count) Host headers in place of one") }
    for origin in values["origin"] ?? [] where origin.lowercased() != "http://" + host.lowercased() {
      throw Refusal(403, "the page at '\(origin)' is not one of this server")
    }
    if let token {
      let given = values["authorization"] ?? []
      guard given.count == 1, Self.isEqual(given[0], "Bearer \(token)") else {
        throw Refusal(401, "the header 'Authorization: Bearer' with this server's token is missing")
      }
    }
    let hasBody = try hasBody(values["content-length"] ?? [], values["transfer-encoding"] ?? [])
    return (try Self.request(method, path, headers: values.mapValues { $0.joined(separator: ", ") }), hasBody)
  }

  /// A body has one length, or is in chunks that say theirs. Of two answers to the question where it ends, one may be
  /// somebody else's request.
  private func hasBody(_ lengths: [String], _ encodings: [String]) throws(Refusal) -> Bool {
    guard lengths.count + encodings.count <= 1 else {
      throw Refusal(400, "Content-Length and Transfer-Encoding may be there once together")
    }
    if let encoding = encodings.first {
      guard encoding.lowercased() == "chunked" else {
        throw Refusal(501, "a body comes plain or in chunks, not as '\(encoding)'")
      }
      return true
    }
    guard let length = lengths.first else { return false }
    guard !length.isEmpty, length.utf8.allSatisfy({ (48...57).contains($0) }) else {
      throw Refusal(400, "'\(length)' is no Content-Length")
    }
    guard let count = Int(length), count <= maximumBodyBytes else { throw tooLarge }
    return count > 0
  }

  /// What is said of a body beyond the limit.
  var tooLarge: Refusal { Refusal(413, "a body has at most \(maximumBodyBytes) bytes") }

  private static func parts(of target: String) throws(Refusal) -> (authority: String?, path: Substring) {
    if target.hasPrefix("/") { return (nil, target[...]) }
    let scheme = "http://"
    guard target.lowercased().hasPrefix(scheme) else { throw Refusal(400, "the target '\(target)' is no path") }
    let rest = target.dropFirst(scheme.count)
    let path = rest.drop { $0 != "/" && $0 != "?" }
    return (String(rest[..<path.startIndex]), path.hasPrefix("/") ? path : "/" + path)
  }

  private static func request(
    _ method: String, _ target: Substring, headers: [String: String]
  ) throws(Refusal) -> LoopbackRequest {
    func decoded(_ text: Substring) throws(Refusal) -> String {
      guard let plain = text.removingPercentEncoding, isText(plain) else {
        throw Refusal(400, "the target '\(target)' can't be read")
      }
      return plain
    }
    let whole = target.prefix { $0 != "#" }
    let path = whole.prefix { $0 != "?" }
    var query: [String: String] = [:]
    for pair in whole.dropFirst(path.count + 1).split(separator: "&") {
      let name = pair.prefix { $0 != "=" }
      query[try decoded(name)] = try decoded(pair.dropFirst(name.count + 1))
    }
    return LoopbackRequest(method, try decoded(path), query: query, headers: headers)
  }

  private static func isThisMachine(_ host: String) -> Bool {
    let host = host.lowercased()
    return ["127.0.0.1", "localhost", "[::1]"].contains { name in
      guard host.hasPrefix(name) else { return false }
      let rest = host.dropFirst(name.count)
      return rest.isEmpty
        || rest.hasPrefix(":") && rest.utf8.count > 1 && rest.utf8.dropFirst().allSatisfy { (48...57).contains($0) }
    }
  }

  private static func isText(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 32 && $0 != 127 || $0 == 9 } }

  /// Whether a text may name a header field (RFC 9110, 5.6.2).
  private static func isToken(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case 48...57, 65...90, 97...122: true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }

  /// Takes as long wherever the texts part, so that a secret can't be guessed letter by letter.
  private static func isEqual(_ given: String, _ own: String) -> Bool {
    let (given, own) = (Array(given.utf8), Array(own.utf8))
    var difference = given.count ^ own.count
    for (place, byte) in own.enumerated() { difference |= Int(byte ^ (place < given.count ? given[place] : 0)) }
    return difference == 0
  }
}
