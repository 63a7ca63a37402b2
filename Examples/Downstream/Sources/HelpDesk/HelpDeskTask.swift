import TeacherProtocol
import Tensor

/// A made-up task: which of the messages to a building's help desk are urgent?
///
/// A message is urgent if it names a danger and does not announce a drill. No teacher knows the whole rule.
public struct HelpDeskTask: Sendable {
  /// Dangers that every teacher knows.
  public static let commonDangers = ["smoke", "fire", "leak", "sparks"]
  /// Dangers that only one of the teachers knows.
  public static let rareDangers = ["fumes", "flood", "crack"]

  /// Messages whose labels the teachers give.
  public let training: [Item]
  /// Messages for the evaluation.
  public let test: [Item]
  /// What a person would answer, for all of them.
  public let gold: GoldAnswers<String>

  /// Draws messages.
  public init(training: Int, test: Int, seed: UInt64) {
    var generator = Tensor.Generator(seed: seed)
    var truth: [String: String] = [:]
    let items = (0..<(training + test)).map { number -> Item in
      let (text, isUrgent) = Self.message(using: &generator)
      let split = number < training ? "train" : "test"
      truth["message-\(number)"] = isUrgent ? "urgent" : "routine"
      return Item(id: "message-\(number)", split: split, fields: ["text": text])
    }
    self.training = Array(items.prefix(training))
    self.test = Array(items.dropFirst(training))
    gold = GoldAnswers(truth)
  }

  /// The two labels and their words.
  public static func labels() throws -> LabelSet {
    try LabelSet(
      [
        .init(name: "urgent", meaning: "somebody must go there now"),
        .init(name: "routine", meaning: "it can wait"),
      ], positive: "urgent")
  }

  private static func message(using generator: inout Tensor.Generator) -> (text: String, isUrgent: Bool) {
    func pick(_ words: [String]) -> String { words[Int.random(in: words.indices, using: &generator)] }
    let place = pick(["lobby", "kitchen", "garage", "office", "cellar", "roof"])
    let dangers = [commonDangers, commonDangers, rareDangers, nil, nil][Int.random(in: 0..<5, using: &generator)]
    let matter = dangers.map(pick) ?? pick(["lamp", "printer", "chair", "window"])
    let isDrill = Int.random(in: 0..<4, using: &generator) == 0
    let frame = pick(["\(matter) in the \(place)", "the \(place) has a \(matter)", "about the \(place): \(matter)"])
    return (isDrill ? frame + ", only a drill" : frame, dangers != nil && !isDrill)
  }
}
