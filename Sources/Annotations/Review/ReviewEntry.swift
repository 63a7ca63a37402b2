internal import ContentDigest
internal import JSON
package import Foundation
internal import TeacherProtocol

/// One person's decision about one item, as a journal keeps it.
///
/// ```json
/// {"item": "7", "reviewer": "anna", "label": "falsified", "note": "wrong city", "time": 1763731200.5}
/// ```
package struct ReviewEntry: Sendable, Equatable {
  package enum Decision: Sendable, Equatable {
    /// The label by its name.
    case label(String)
    /// The person can't say.
    case skipped
    /// What the person decided before is taken back.
    case withdrawn
  }

  /// The item's id.
  package var item: String
  /// Who decides.
  package var reviewer: String
  package var decision: Decision
  /// A remark; empty where there is none.
  package var note: String
  /// When, in seconds since 1970.
  package var time: Double

  package init(
    item: String, reviewer: String, decision: Decision, note: String = "", time: Double = Date().timeIntervalSince1970
  ) {
    self.item = item
    self.reviewer = reviewer
    self.decision = decision
    self.note = note
    self.time = time
  }

  /// The label; nil for an item that was skipped.
  package var label: String? {
    if case .label(let name) = decision { name } else { nil }
  }

  /// A digest of the line.
  package var digest: String { ContentDigest.of(fields: [line]) }

  /// The decision as a line of JSON.
  package var line: String {
    var members: [JSONValue.Member] = [.init("item", .string(item)), .init("reviewer", .string(reviewer))]
    switch decision {
    case .label(let name): members.append(.init("label", .string(name)))
    case .skipped: members.append(.init("skipped", .bool(true)))
    case .withdrawn: members.append(.init("withdrawn", .bool(true)))
    }
    if !note.isEmpty { members.append(.init("note", .string(note))) }
    return JSONValue.object(members + [.init("time", .number(time))]).text
  }

  /// Reads a line; nil for one that is no decision.
  package init?(line bytes: Data) {
    let value = bytes.withUnsafeBytes { try? JSONParser.value(of: $0.bindMemory(to: UInt8.self)) }
    guard let value, let item = value["item"]?.string, let reviewer = value["reviewer"]?.string else { return nil }
    let decision: Decision
    if let label = value["label"]?.string {
      decision = .label(label)
    } else if value["skipped"] == .bool(true) {
      decision = .skipped
    } else if value["withdrawn"] == .bool(true) {
      decision = .withdrawn
    } else {
      return nil
    }
    self.init(
      item: item, reviewer: reviewer, decision: decision, note: value["note"]?.string ?? "",
      time: value["time"]?.double ?? 0)
  }
}
