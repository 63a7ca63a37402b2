import Evaluation
import Foundation

/// What the tests of evaluation, progress and reports share.
enum EvaluationSample {
  /// A generator of fixed seed (xorshift64*).
  struct Generator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed &* 2 &+ 1 }

    mutating func next() -> UInt64 {
      state ^= state >> 12
      state ^= state << 25
      state ^= state >> 27
      return state &* 0x2545_F491_4F6C_DD1D
    }
  }

  static let labels = ["pristine", "falsified"]

  /// Five items of three photos, three of them falsified, in two slices.
  static func split() -> TestSplit {
    TestSplit(
      items: [
        .init(id: "1", label: "pristine", group: "a", slice: "random"),
        .init(id: "2", label: "falsified", group: "a", slice: "random"),
        .init(id: "3", label: "pristine", group: "b", slice: "similar"),
        .init(id: "4", label: "falsified", group: "b", slice: "similar"),
        .init(id: "5", label: "falsified", group: "c", slice: "similar"),
      ], labels: labels, positive: "falsified")
  }

  static func predictions(_ answers: [String: String?]) -> [Prediction] {
    answers.sorted { $0.key < $1.key }.map { Prediction(itemID: $0.key, label: $0.value) }
  }

  /// Runs a body with a fresh folder that is removed afterwards.
  @discardableResult static func withFolder<Answer>(_ body: (URL) throws -> Answer) throws -> Answer {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("evaluation-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }
}
