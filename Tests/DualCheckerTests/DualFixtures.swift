import DualChecker
import TeacherProtocol

/// Small tasks, records and helpers of these tests.
enum Fixture {
  static func green() throws -> LabellingTask {
    try LabellingTask(
      binary: LabelSet(
        [
          .init(name: "green", answer: "Yes", meaning: "it lowers emissions, waste or the use of energy"),
          .init(name: "other", answer: "No", meaning: "it makes things faster, cheaper or more pleasant"),
        ], positive: "green"))
  }

  static func causes() throws -> LabellingTask {
    try LabellingTask(spanTypes: [
      .init(name: "cause", meaning: "what is done"), .init(name: "effect", meaning: "what comes of it"),
    ])
  }

  static func item(_ id: String, _ text: String, detail: String = "") -> Item {
    Item(id: id, fields: ["text": text, "detail": detail])
  }

  static func entry(_ id: String, _ text: String, _ label: String) -> LabelledPool.Entry {
    .init(item: item(id, text), answer: .label(label))
  }

  /// An entry with spans given by their words.
  static func spans(_ id: String, _ text: String, cause: String, effect: String) throws -> LabelledPool.Entry {
    let answer = try causes().answer(in: #"{"cause": "\#(cause)", "effect": "\#(effect)"}"#, about: text)
    return .init(item: item(id, text), answer: answer)
  }

  static let pool = LabelledPool([
    entry("p1", "a heat pump that needs less electricity", "green"),
    entry("p2", "a motor that saves fuel", "green"),
    entry("p3", "a tray made of waste paper", "green"),
    entry("p4", "a game that starts faster", "other"),
    entry("p5", "a phone with a brighter screen", "other"),
    entry("p6", "a chair that is softer to sit on", "other"),
  ])

  /// An aligner over the pool with hashed n-grams.
  static func aligner(
    _ selection: DemonstrationSelection = .similarity, pool: LabelledPool = pool
  ) async throws -> ContextAligner {
    try await ContextAligner(pool: pool, selection: selection, encoder: HashedNGramEncoder())
  }
}
