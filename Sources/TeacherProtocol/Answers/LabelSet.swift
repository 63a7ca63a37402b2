/// The labels of a task, in order: how each is called, how an answer with it begins, what it means.
///
/// ```swift
/// let labels = try LabelSet([
///   .init(name: "urgent", answer: "Yes", aliases: ["1"]), .init(name: "routine", answer: "No", aliases: ["0"]),
/// ])
/// labels["urgent"]?.answer    // "Yes": how the answer begins
/// ```
///
/// The labels may be levels, such as grades: ``isOrdered``.
///
/// ```swift
/// let grades = try LabelSet(["low", "middle", "high"].map { .init(name: $0) }, ordered: true)
/// ```
public struct LabelSet: Sendable, Equatable, Codable {
  /// One label.
  public struct Label: Sendable, Equatable, Codable {
    /// The name under which results are reported.
    public var name: String
    /// The words that an answer with this label begins with. The default is the name.
    public var answer: String
    /// The meaning, for prompts and for answers written without a rationale. The default is empty.
    public var meaning: String
    /// Other values that stand for it in data files, such as "1" or "fake". The default is none.
    public var aliases: [String]

    /// A label.
    public init(name: String, answer: String? = nil, meaning: String = "", aliases: [String] = []) {
      self.name = name
      self.answer = answer ?? name
      self.meaning = meaning
      self.aliases = aliases
    }

    enum CodingKeys: String, CodingKey, CaseIterable { case name, answer, meaning, aliases }

    /// Reads a label; an unknown key is an error.
    public init(from decoder: any Decoder) throws {
      try decoder.refuseUnknownKeys(CodingKeys.allCases.map(\.rawValue))
      let container = try decoder.container(keyedBy: CodingKeys.self)
      self.init(
        name: try container.decode(String.self, forKey: .name),
        answer: try container.decodeIfPresent(String.self, forKey: .answer),
        meaning: try container.decodeIfPresent(String.self, forKey: .meaning) ?? "",
        aliases: try container.decodeIfPresent([String].self, forKey: .aliases) ?? [])
    }
  }

  /// The labels in their order.
  public let labels: [Label]
  /// Name of the label that the task looks for ("falsified"); nil for a task without one.
  public let positive: String?
  /// Whether the labels are levels, the lowest first: label i is level i, numbered from 0. What lies near a level is then
  /// nearly right, in figures and where the caller asks for it in agreement. The default is false.
  public let isOrdered: Bool
  private let byValue: [String: Int]
  /// How answers begin, longest words first.
  let answerReadings: [Reading]
  /// What stands for a label where nothing but a label is asked for: answer words, names and aliases, longest first.
  let valueReadings: [Reading]
  /// Those that begin with a mark or a sign, which might be taken for marks around a label.
  let signReadings: [Reading]

  /// Words that stand for a label, as a key.
  struct Reading: Sendable, Equatable {
    let key: String
    let label: Int
  }

  /// A set of labels.
  ///
  /// - Parameters:
  ///   - positive: the name of the label that the task looks for. The default is none.
  ///   - ordered: whether the labels are levels, the lowest first. The default is false.
  /// - Throws: ``TeacherProtocolError/badLabelSet(reason:)`` for fewer than two labels, a blank name or answer, a name,
  ///   alias or answer that stands for two labels (spellings of one label are alike, as in `label(_:)`), or a positive
  ///   label that is not there.
  public init(
    _ labels: [Label], positive: String? = nil, ordered: Bool = false
  ) throws(TeacherProtocolError) {
    guard labels.count >= 2 else {
      throw .badLabelSet(reason: "there must be at least two labels, not \(labels.count)")
    }
    var byValue: [String: Int] = [:]
    var byAnswer: [String: Int] = [:]
    for (index, label) in labels.enumerated() {
      guard !LabelSpelling.key(label.name).isEmpty, !LabelSpelling.key(label.answer).isEmpty else {
        throw .badLabelSet(reason: "label \(index + 1) has a blank name or answer")
      }
      for value in [label.name] + label.aliases {
        let other = byValue.updateValue(index, forKey: LabelSpelling.key(value)) ?? index
        if other != index {
          throw .badLabelSet(reason: "'\(value)' stands for two labels, '\(labels[other].name)' and '\(label.name)'")
        }
      }
      if let other = byAnswer.updateValue(index, forKey: LabelSpelling.key(label.answer)) {
        throw .badLabelSet(
          reason: "the answers '\(labels[other].answer)' and '\(label.answer)' of '\(labels[other].name)' and "
            + "'\(label.name)' can't be told apart")
      }
    }
    if let positive, !labels.contains(where: { $0.name == positive }) {
      throw .badLabelSet(reason: "the positive label '\(positive)' is not one of \(labels.map(\.name))")
    }
    self.labels = labels
    self.positive = positive
    isOrdered = ordered
    self.byValue = byValue
    // Words that stand for one label as its answer and for another as its name say nothing.
    let all = byAnswer.merging(byValue) { $0 == $1 ? $0 : -1 }
    func longestFirst(_ keys: some Sequence<String>) -> [Reading] {
      keys.compactMap { key in all[key].flatMap { $0 < 0 ? nil : Reading(key: key, label: $0) } }
        .sorted { ($1.key.count, $0.key) < ($0.key.count, $1.key) }
    }
    answerReadings = longestFirst(byAnswer.keys)
    valueReadings = longestFirst(all.keys)
    signReadings = valueReadings.filter { $0.key.first.map { !$0.isLetter && !$0.isNumber } ?? false }
  }

  private enum CodingKeys: String, CodingKey, CaseIterable { case labels, positive, ordered }

  /// Reads `labels`, `positive` and `ordered`; an unknown key is an error.
  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(CodingKeys.allCases.map(\.rawValue))
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try self.init(
      try container.decode([Label].self, forKey: .labels),
      positive: try container.decodeIfPresent(String.self, forKey: .positive),
      ordered: try container.decodeIfPresent(Bool.self, forKey: .ordered) ?? false)
  }

  /// Writes `labels`, `positive` where there is one, and `ordered` where it is true.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(labels, forKey: .labels)
    try container.encodeIfPresent(positive, forKey: .positive)
    if isOrdered { try container.encode(true, forKey: .ordered) }
  }

  /// Whether every answer is a letter, as those to a question with choices are.
  var areLetters: Bool {
    answerReadings.allSatisfy { $0.key.count == 1 && $0.key.allSatisfy { $0.isLetter && $0.hasWordEnds } }
  }

  /// The names from the lowest level to the highest; nil where the labels have no order.
  package var levels: [String]? { isOrdered ? names : nil }

  /// The names in order.
  public var names: [String] { labels.map(\.name) }

  /// Every name and alias, in order, for messages.
  package var rawValues: [String] { labels.flatMap { [$0.name] + $0.aliases } }

  /// The label of this very name.
  public subscript(name: String) -> Label? { labels.first { $0.name == name } }

  /// The label that a value in a data file stands for: its name or an alias. Letter case, white space, the forms of quotes
  /// and dashes and full width are ignored, and 1.0 is 1.
  package func label(_ value: String) -> Label? { byValue[LabelSpelling.key(value)].map { labels[$0] } }

  /// The label that a person wrote down: its name or an alias, or else the words of its answer, with or without a full stop.
  package func label(written value: String) -> Label? {
    if let label = label(value) { return label }
    func open(_ key: String) -> String { key.count > 1 && key.hasSuffix(".") ? String(key.dropLast()) : key }
    let key = LabelSpelling.key(value)
    return labels.first { LabelSpelling.key($0.answer) == key }
      ?? labels.first { open(LabelSpelling.key($0.answer)) == open(key) }
  }

  /// The label that words stand for where nothing but a label is asked for: its answer words, its name or an alias.
  package func label(said words: String) -> Label? {
    let key = LabelSpelling.key(words)
    return valueReadings.first { $0.key == key }.map { labels[$0.label] }
  }

  /// Position of a name in the order, or nil.
  package func index(of name: String) -> Int? { labels.firstIndex { $0.name == name } }
}

extension LabelSet {
  /// Is a photo used out of its context? "falsified" answers Yes and is the positive label; "pristine" answers No.
  package static let outOfContext: LabelSet = {
    let labels = [
      Label(
        name: "pristine", answer: "No", meaning: "the photo shows what the caption says",
        aliases: ["0", "false", "real"]),
      Label(
        name: "falsified", answer: "Yes", meaning: "the photo does not show what the caption says",
        aliases: ["1", "true", "fake"]),
    ]
    do {
      return try LabelSet(labels, positive: "falsified")
    } catch {
      preconditionFailure("the built-in label set is at fault: \(error)")
    }
  }()
}
