import Annotations
import Foundation
import TeacherProtocol

/// A folder of its own that is removed with the last reference to it.
final class Scratch: Sendable {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("annotations-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> URL { url.appendingPathComponent(name) }

  func file(_ name: String, _ content: String) throws -> URL {
    try Data(content.utf8).write(to: path(name))
    return path(name)
  }

  func text(_ name: String) throws -> String { String(decoding: try Data(contentsOf: path(name)), as: UTF8.self) }
}

func annotation(
  _ key: String, item: String = "i", teacher: String = "t", label: String? = "falsified", confidence: Double? = nil,
  rationale: String = "r"
) -> Annotation {
  Annotation(
    key: key, item: item, teacher: teacher, model: "m", promptVersion: "p",
    reply: TeacherReply(
      outcome: label.map { .answered($0) } ?? .abstained, rationale: rationale,
      confidence: confidence.map { Confidence($0, source: .verbalised) }, raw: "raw"), time: 1)
}

/// A conflict of teachers a, b, c ... with these labels and one confidence each.
func conflict(_ item: String, _ labels: [String], _ confidences: [Double?] = []) -> Conflict {
  Conflict(
    item: Item(id: item, image: "\(item).jpg", fields: ["text": "Caption, \"\(item)\""]),
    annotations: labels.enumerated().map { i, label in
      annotation(
        "\(item)-\(i)", item: item, teacher: "t\(i)", label: label,
        confidence: i < confidences.count ? confidences[i] : nil,
        rationale: "because \(i)")
    })
}
