/// Walks a configuration and gathers what is wrong with it, knowing at every step which key it is at.
///
/// Reading (kinds, names) and checking (ranges, relations between keys) are two walks over the same sections: a value
/// that could not be read is not checked, so that one mistake gives one problem.
package struct ConfigurationReader: Sendable {
  /// Everything found so far.
  package private(set) var problems: [ConfigurationProblem] = []

  /// Nobody mends more at a time; of a file that is something else altogether each value is a problem.
  private static let mostProblems = 100
  /// Whether no more problems are gathered, and reading may end.
  var isFull: Bool { problems.count >= Self.mostProblems }

  private var trail: [String] = []
  private var positions: [[String]: ConfigurationNode.Position] = [:]
  private var unread: Set<[String]> = []

  /// A reader at the top of a configuration, with nothing found.
  package init() {}

  /// Does `work` at `key` of the current section; a list's elements are the keys `[0]`, `[1]`, ...
  ///
  /// - Parameter position: The key's place in the file, kept for problems that a later check finds.
  package mutating func at<Result>(
    _ key: String, position: ConfigurationNode.Position? = nil, _ work: (inout ConfigurationReader) -> Result
  ) -> Result {
    trail.append(key)
    if let position { positions[trail] = position }
    defer { trail.removeLast() }
    return work(&self)
  }

  /// Reports a value that can't be taken, at the current key, which counts as unread from then on.
  package mutating func reject(_ node: ConfigurationNode, expected: String, nearest: String? = nil) {
    report(.unexpectedValue(expected: expected, found: node.found, nearest: nearest), at: node.position)
  }

  /// Reports a problem at the current key, which counts as unread from then on.
  package mutating func report(_ reason: ConfigurationProblem.Reason, at position: ConfigurationNode.Position? = nil) {
    unread.insert(trail)
    append(reason, trail, position ?? place(of: trail))
  }

  private mutating func append(
    _ reason: @autoclosure () -> ConfigurationProblem.Reason, _ trail: [String], _ position: ConfigurationNode.Position?
  ) {
    if isFull { return }
    problems.append(problem(reason(), trail, position))
    guard isFull else { return }
    problems.append(
      problem(
        .unreadable("these are \(Self.mostProblems) problems; mend them to see whether there are more"), trail, position
      ))
  }

  /// Marks the current key as unread without a problem of its own, since one of its parts was reported.
  mutating func markUnread() {
    unread.insert(trail)
  }

  /// Whether the current key was read without a problem of its own kind.
  var isRead: Bool { !unread.contains(trail) }

  /// Checks something about keys of the current section and reports it at the first of them.
  ///
  /// - Parameters:
  ///   - holds: What must be true. It isn't asked for where one of the keys could not be read.
  ///   - keys: The keys that the check looks at, with dots for keys of inner sections.
  ///   - expected: What the first key should be.
  ///   - found: What it is.
  package mutating func require(
    _ holds: @autoclosure () -> Bool, _ keys: String..., expected: @autoclosure () -> String,
    found: @autoclosure () -> String, nearest: @autoclosure () -> String? = nil
  ) {
    let trails = keys.map { trail + Self.parts($0) }
    guard !isFull, trails.allSatisfy({ isReadWithOwners($0) }), !holds() else { return }
    append(.unexpectedValue(expected: expected(), found: found(), nearest: nearest()), trails[0], place(of: trails[0]))
  }

  /// Checks that a key which only some settings need is there.
  package mutating func requirePresence(of value: (some Any)?, _ key: String, expected: String) {
    let trail = trail + [key]
    guard value == nil, isReadWithOwners(trail) else { return }
    append(.missingKey(expected: expected), trail, place(of: Array(trail.dropLast())))
  }

  /// Throws everything that was found, in the order of the file.
  package func finish(file: String?) throws(ConfigurationError) {
    guard !problems.isEmpty else { return }
    let first = ConfigurationNode.Position(line: 0, column: 0)
    let ordered = problems.enumerated().sorted {
      ($0.element.position ?? first, $0.offset) < ($1.element.position ?? first, $1.offset)
    }
    throw ConfigurationError(file: file, problems: ordered.map(\.element))
  }

  private func problem(
    _ reason: ConfigurationProblem.Reason, _ trail: [String], _ position: ConfigurationNode.Position?
  ) -> ConfigurationProblem {
    ConfigurationProblem(
      section: Self.joined(trail.dropLast()), key: trail.last ?? "", position: position, reason: reason)
  }

  /// The place of a key, or of the nearest section around it that the file has.
  private func place(of trail: [String]) -> ConfigurationNode.Position? {
    stride(from: trail.count, through: 0, by: -1).compactMap { positions[Array(trail.prefix($0))] }.first
  }

  private func isReadWithOwners(_ trail: [String]) -> Bool {
    (0...trail.count).allSatisfy { !unread.contains(Array(trail.prefix($0))) }
  }

  /// `teachers[1].name` as its parts `teachers`, `[1]`, `name`.
  private static func parts(_ path: String) -> [String] {
    path.split(separator: ".").flatMap { part -> [String] in
      guard let bracket = part.firstIndex(of: "["), bracket != part.startIndex else { return [String(part)] }
      return [String(part.prefix(upTo: bracket)), String(part.suffix(from: bracket))]
    }
  }

  private static func joined(_ trail: some Sequence<String>) -> String {
    trail.reduce("") { $0.isEmpty || $1.hasPrefix("[") ? $0 + $1 : $0 + "." + $1 }
  }
}
