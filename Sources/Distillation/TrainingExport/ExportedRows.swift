internal import DPO
internal import DistillationConfiguration
internal import JSON
internal import Layers
internal import StudentModels
internal import TeacherProtocol
internal import Tokenization
internal import TwoStage

/// The rows of both stages as TRL takes them: conversations, where the student has a chat template, and plain texts where not.
///
/// Each row says how many tokens its prompt and its answers have here, so that the script can tell where another tokenizer would
/// make others of them.
struct ExportedRows<Model: PretrainedStudent> {
  let student: Model
  let isConversation: Bool
  /// Whether items have images: then every row has the list, of some rows an empty one.
  let hasImages: Bool
  /// The file of each image in the folder that is written, by its path in the data.
  let images: [String: String]

  /// A row for each answer: all answers of an item are one example.
  func supervised(_ target: WrittenTarget, example: Int) -> [JSONValue] {
    zip(target.answers, target.tree.answers).map { answer, tokens in
      row(
        target, example,
        [("completion", turn(answer, to: target))], [("answer_tokens", .number(tokens.count))])
    }
  }

  /// A row for each pair: all pairs of an item are one example. An item without a pair, of which nothing but its chosen answers is
  /// learned, has a row for each of these with the same answer on both sides, of which `is_pair` says that it is none.
  ///
  /// - Throws: ``RunError/notExported(_:_:)`` where an answer is learned that stands in no pair.
  func preferences(_ written: WrittenPreference, example: Int, _ stage: Stage2Configuration) throws -> [JSONValue] {
    let (target, tree) = (written.target, written.tree)
    let paired = Set(tree.pairs.map(\.chosen))
    if !tree.pairs.isEmpty, stage.sftWeight > 0, paired.count < Set(tree.chosenAnswers).count {
      throw RunError.notExported(
        "stage2.pairs",
        "item \(target.item.id) has \(tree.chosenAnswers.count) right answers and a pair of the best alone; TRL learns the "
          + "chosen answers of pairs and no others. Set stage2.pairs: all, or stage2.sft_weight: 0")
    }
    let pairs = tree.pairs.isEmpty ? tree.chosenAnswers.map { (chosen: $0, rejected: $0) } : tree.pairs
    func count(_ answer: Int) -> Int { target.tree.answers[answer].count }
    let learned = tree.chosenAnswers.reduce(0) { $0 + count($1) }
    return pairs.map { pair in
      row(
        target, example,
        [
          ("chosen", turn(target.answers[pair.chosen], to: target)),
          ("rejected", turn(target.answers[pair.rejected], to: target)),
        ],
        [
          ("is_pair", .bool(!tree.pairs.isEmpty)), ("chosen_tokens", .number(count(pair.chosen))),
          ("rejected_tokens", .number(count(pair.rejected))), ("example_tokens", .number(learned)),
        ])
    }
  }

  private func row(
    _ target: WrittenTarget, _ example: Int, _ answers: [(String, JSONValue)], _ counts: [(String, JSONValue)]
  ) -> JSONValue {
    let prompt = messages(target, answer: nil)
    var members = [JSONValue.Member("prompt", isConversation ? .array(prompt.map(\.json)) : plain(prompt))]
    members += answers.map { JSONValue.Member($0, $1) }
    if hasImages {
      members.append(.init("images", .array(target.question.images.map { .string(images[$0.path] ?? $0.path) })))
    }
    members += [
      .init("item", .string(target.item.id)), .init("example", .number(example)),
      .init("prompt_tokens", .number(target.tree.prompt.count)),
    ]
    return .object(members + counts.map { JSONValue.Member($0, $1) })
  }

  private func messages(_ target: WrittenTarget, answer: String?) -> [ChatMessage] {
    student.messages(question: target.question.text, imagesAt: target.question.images.map(\.place), answer: answer)
  }

  /// The turn with an answer.
  private func turn(_ answer: String, to target: WrittenTarget) -> JSONValue {
    guard isConversation else { return .string(answer) }
    return .array(messages(target, answer: answer).suffix(1).map(\.json))
  }

  private func plain(_ messages: [ChatMessage]) -> JSONValue {
    .string(messages.map { $0.json["content"]?.string ?? "" }.joined())
  }
}
