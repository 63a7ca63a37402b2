package import JSON

/// A decision row of a data file: a request in System One's form with the answers to it.
///
/// ```json
/// {"id": "7", "state": {"text": "A dog.", "photo": "<image-1>"},
///  "questions": {"label": {"type": "noul", "instructions": "Is the photo used out of its context?"}},
///  "assets": {"<image-1>": {"type": "image", "path": "photos/7.png"}},
///  "answers": {"label": {"type": "noul", "noul": 0.93}}}
/// ```
///
/// Where a row has these members, columns that it has not are found in them: what the state names, what was answered to the
/// question of a name, and by the column `label` what was answered to the only question. An image is the `path` of its asset.
package struct DecisionRow {
  private let state: JSONValue
  private let questions: [JSONValue.Member]
  private let answers: JSONValue?
  private let assets: [JSONValue.Member]

  /// Nil for a row of another form.
  init?(_ row: JSONValue) {
    guard let state = row["state"], let questions = row["questions"]?.members, !questions.isEmpty else { return nil }
    (self.state, self.questions) = (state, questions)
    (answers, assets) = (row["answers"], row["assets"]?.members ?? [])
  }

  /// What columns it has beside its members.
  var columns: [String] {
    (state.members ?? []).map(\.name) + (state.string == nil ? [] : ["text"])
      + (answers == nil ? [] : questions.count == 1 ? ["label"] : questions.map(\.name))
  }

  /// The answer to the question of a name, or to the only one by the column `label`.
  package func answer(_ column: String) -> JSONValue? {
    if questions.contains(where: { $0.name == column }) { return answers?[column] }
    return questions.count == 1 && column == TypedQuestion.defaultName ? answers?[questions[0].name] : nil
  }

  /// What a column holds; nil for nothing.
  func value(_ column: String) -> JSONValue? {
    if let answer = answer(column) { return Self.option(of: answer) ?? answer }
    if let value = state[column] { return shown(value) }
    if column == "text", let text = state.string { return .string(text) }
    // A state in words has its images within them.
    guard column == PromptTemplate.allImages, !assets.isEmpty else { return nil }
    return .array(assets.map { path(of: $0.value) })
  }

  /// A value with the paths of images in place of what stands for them.
  private func shown(_ value: JSONValue) -> JSONValue {
    switch value {
    case .string(let text): assets.last { $0.name == text }.map { path(of: $0.value) } ?? value
    case .array(let elements): .array(elements.map(shown))
    default: value
    }
  }

  /// The path of an asset. One with its bytes alone has none, which whoever reads the image says.
  private func path(of asset: JSONValue) -> JSONValue { asset["path"] ?? asset }

  /// What was chosen, in words; nil where an answer is none.
  package static func option(of answer: JSONValue) -> JSONValue? {
    switch answer["type"]?.string {
    case "noul", "predicate":
      return (answer["noul"] ?? answer["probability"])?.double.map { .bool($0 >= 0.5) }
    case "choice": return answer["choice"] ?? best(of: answer).map { .string($0) }
    case "score":
      return best(of: answer).map { answer["legend"]?[$0].flatMap { $0.string == nil ? nil : $0 } ?? .string($0) }
    default: return nil
    }
  }

  /// The most probable option, of equals the first.
  private static func best(of answer: JSONValue) -> String? {
    var best: (name: String, value: Double)?
    for member in answer["probabilities"]?.members ?? [] {
      guard let value = member.value.double, value > best?.value ?? -.infinity else { continue }
      best = (member.name, value)
    }
    return best?.name
  }
}

extension LabelSet {
  /// The label that was answered in a decision row: by name, alias or answer, and of yes and no by what stands for them.
  package func label(answered option: JSONValue) -> Label? {
    let words = option.cell ?? ""
    if let label = label(words) ?? labels.first(where: { $0.answer == words }) { return label }
    guard let truth = option.bool, let (yes, no) = yesAndNo else { return nil }
    return truth ? yes : no
  }
}

extension DecisionRow {
  /// A row that tells what is asked about an item and how probable each answer is.
  ///
  /// - Parameter probabilities: by the labels' names.
  package static func row(
    _ item: Item, asked question: TypedQuestion, probabilities: [String: Double]
  ) -> JSONValue {
    let paths = item.images
    let marks = item.marks(paths.count, notIn: [question.instructions] + question.labels.rawTexts)
    let state = item.state { path in paths.firstIndex(of: path).map { marks[$0] } }
    let assets = zip(marks, paths).map { mark, path in
      JSONValue.Member(mark, .object([.init("type", "image"), .init("path", .string(path))]))
    }
    return .object(
      [
        .init("id", .string(item.id)), .init("state", state),
        .init("questions", .object([.init(question.name, question.asked(.systemOne))])),
      ] + (assets.isEmpty ? [] : [.init("assets", .object(assets))])
        + [.init("answers", .object([.init(question.name, question.answer(probabilities))]))])
  }
}
