package import TeacherProtocol

/// How good answers are: F1 by class or span type, and its means.
public struct TaskScore: Sendable, Equatable, Codable {
  /// One class or span type.
  package struct Part: Sendable, Equatable, Codable {
    package var name: String
    /// Answers with it that are right.
    package var right = 0
    /// Answers with it.
    package var given = 0
    /// Gold labels with it.
    package var wanted = 0

    init(_ name: String) { self.name = name }

    /// 2PR / (P + R), 0 where nothing is right.
    package var f1: Double { given + wanted == 0 ? 0 : 2 * Double(right) / Double(given + wanted) }
  }

  /// By class; for spans by type, an entity being right where type and both ends are.
  package var parts: [Part]
  /// For spans, by type over all tokens: a token that is wrongly in a span costs as much as one that is missing.
  package var tokens: [Part]
  /// Items scored.
  package var items: Int
  /// Items whose whole answer is right.
  public var exact: Int
  /// How near the answers come to the true levels; nil for classes without an order, for spans, and without items.
  package var levels: LevelScore?

  /// Mean F1 of the classes or types that occur in gold or answers; 0 where there are none.
  public var macroF1: Double { Self.macro(parts) }
  /// F1 of all classes or types counted together.
  public var microF1: Double {
    let (right, all) = parts.reduce((0, 0)) { ($0.0 + $1.right, $0.1 + $1.given + $1.wanted) }
    return all == 0 ? 0 : 2 * Double(right) / Double(all)
  }
  /// Mean F1 of the span types over all tokens; nil for classes.
  public var tokenF1: Double? { tokens.isEmpty ? nil : Self.macro(tokens) }
  /// The share of items whose whole answer is right.
  public var accuracy: Double { items == 0 ? 0 : Double(exact) / Double(items) }

  private static func macro(_ parts: [Part]) -> Double {
    let present = parts.filter { $0.given + $0.wanted > 0 }
    return present.isEmpty ? 0 : present.reduce(0) { $0 + $1.f1 } / Double(present.count)
  }

  /// Scores tag sequences, one a text: entities by their exact ends in strict IOB2, and tokens by type.
  ///
  /// - Parameters:
  ///   - answered: tags of each text.
  ///   - gold: tags of each text, as many as answered.
  ///   - names: the types; nil for those that occur.
  package init(tags answered: [[String]], against gold: [[String]], types names: [String]? = nil) {
    precondition(answered.count == gold.count, "\(answered.count) answers for \(gold.count) texts")
    let types = names ?? Set((answered + gold).joined().filter { $0 != "O" }.map { String($0.dropFirst(2)) }).sorted()
    var (entities, tokens) = (Counts(types), Counts(types))
    var exact = 0
    for (mine, theirs) in zip(answered, gold) {
      precondition(mine.count == theirs.count, "\(mine.count) tags for \(theirs.count) tokens")
      let (found, wanted) = (TagSequence.entities(in: mine), TagSequence.entities(in: theirs))
      entities.add(found.map(\.label), wanted.map(\.label), right: found.filter(wanted.contains).map(\.label))
      if found == wanted { exact += 1 }
      for (a, b) in zip(mine, theirs) {
        let (a, b) = (a == "O" ? [] : [String(a.dropFirst(2))], b == "O" ? [] : [String(b.dropFirst(2))])
        tokens.add(a, b, right: a == b ? a : [])
      }
    }
    self.init(parts: entities.parts, tokens: tokens.parts, items: gold.count, exact: exact)
  }

  init(parts: [Part], tokens: [Part], items: Int, exact: Int) {
    (self.parts, self.tokens, self.items, self.exact) = (parts, tokens, items, exact)
  }
}

extension LabellingTask {
  /// Scores answers against gold answers.
  ///
  /// - Parameters:
  ///   - answers: one an item; nil, where there was none, misses the gold answer.
  ///   - gold: one an item.
  ///   - texts: the items' texts, whose tokens spans are scored by.
  public func score(_ answers: [TaskAnswer?], against gold: [TaskAnswer], texts: [String]) -> TaskScore {
    score(answers, expected: answers.map { _ in nil }, against: gold, texts: texts)
  }

  /// Scores a student's predictions against gold answers; of levels the expected ones too.
  ///
  /// - Parameters: as for ``score(_:against:texts:)``.
  package func score(_ predictions: [StudentPrediction?], against gold: [TaskAnswer], texts: [String]) -> TaskScore {
    score(
      predictions.map { $0?.decided },
      expected: predictions.map { prediction in
        guard kind != .spans, let stated = prediction?.probabilities, !stated.isEmpty else { return nil }
        return LevelProbabilities(stated).expected
      }, against: gold, texts: texts)
  }

  private func score(
    _ answers: [TaskAnswer?], expected: [Double?], against gold: [TaskAnswer], texts: [String]
  ) -> TaskScore {
    precondition(
      answers.count == gold.count && texts.count == gold.count, "\(answers.count) answers, \(gold.count) gold ones")
    if kind == .spans {
      let tokens = texts.map { WordToken.tokens(of: $0) }
      func tags(_ answer: TaskAnswer?, _ tokens: [WordToken]) -> [String] {
        guard case .spans(let spans) = answer else { return tokens.map { _ in "O" } }
        return TagSequence.tags(of: spans, over: tokens)
      }
      return TaskScore(
        tags: zip(answers, tokens).map { tags($0, $1) }, against: zip(gold, tokens).map { tags($0, $1) }, types: names)
    }
    var counts = Counts(names)
    for (answer, gold) in zip(answers, gold) {
      let (given, wanted) = ([answer?.key].compactMap(\.self), gold.key)
      counts.add(given, [wanted], right: given == [wanted] ? given : [])
    }
    var score = TaskScore(
      parts: counts.parts, tokens: [], items: gold.count, exact: zip(answers, gold).count { $0 == $1 })
    if let levels = labels.levels {
      let places = Dictionary(uniqueKeysWithValues: levels.enumerated().map { ($1, $0) })
      score.levels =
        LevelAnswers(
          truth: gold.map { places[$0.key, default: 0] }, given: answers.map { $0.flatMap { places[$0.key] } },
          expected: expected, levels: levels.count
        ).score
    }
    return score
  }
}

/// Right, given and wanted by name.
private struct Counts {
  var parts: [TaskScore.Part]
  private let places: [String: Int]

  init(_ names: [String]) {
    parts = names.map { TaskScore.Part($0) }
    places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
  }

  mutating func add(_ given: [String], _ wanted: [String], right: [String]) {
    for name in given { if let place = places[name] { parts[place].given += 1 } }
    for name in wanted { if let place = places[name] { parts[place].wanted += 1 } }
    for name in right { if let place = places[name] { parts[place].right += 1 } }
  }
}
