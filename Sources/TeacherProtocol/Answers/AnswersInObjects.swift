/// Reading labels out of objects.
extension AnswerReader {
  /// What an object says; nil for one that says nothing of a label, which may be anything that a rationale quotes.
  ///
  /// A label may stand deeper in: `{"result": {"label": "Yes"}}`. Where several keys name one, the first of
  /// ``AnswerVocabulary/labelKeys`` counts, and the others must not name another label.
  func answer(of members: [ReplyValue.Member], depth: Int = 0) -> ReadAnswer? {
    guard depth < 4 else { return nil }
    let named = members.map { (key: AnswerWords.joined($0.name), value: $0.value) }
    // A schema that the model repeats names the labels and gives none.
    if named.contains(where: { $0.key == "properties" || $0.key == "enum" }) { return nil }
    func first(_ keys: Set<String>) -> ReplyValue? { named.first { keys.contains($0.key) }?.value }
    var found: [(rank: Int, answer: ReadAnswer)] = named.compactMap { member in
      AnswerVocabulary.labelKeyRanks[member.key].flatMap { rank in
        answer(of: member.value, depth: depth).map { (rank, $0) }
      }
    }
    if found.isEmpty, let weak = first(Set(AnswerVocabulary.weakLabelKeys)) {
      found = answer(of: weak, depth: depth).map { [(0, $0)] } ?? []
    }
    if found.isEmpty {
      let others = named.filter {
        !AnswerVocabulary.rationaleKeys.contains($0.key) && !AnswerVocabulary.examples.contains($0.key)
      }
      found = others.compactMap { member in
        nested(member.value, depth: depth).map { (0, $0) }
      }
      if found.contains(where: { $0.answer.outcome != found[0].answer.outcome }) {
        return ReadAnswer(.unreadable("an object with several answers"))
      }
    }
    guard var answer = found.min(by: { $0.rank < $1.rank })?.answer else { return nil }
    if found.contains(where: { $0.answer.label != nil && $0.answer.label != answer.label }) {
      return ReadAnswer(.unreadable("an object that contradicts itself"))
    }
    if let value = first(AnswerVocabulary.rationaleKeys), let reasons = value.cell, !reasons.isEmpty {
      (answer.rationale, answer.isRationaleCut) = (reasons, value.isCut)
    }
    let confidence = first(AnswerVocabulary.confidenceKeys).flatMap { $0.isCut ? nil : $0.cell }
    answer.confidence = confidence.flatMap(AnswerWords.confidence) ?? answer.confidence
    return answer
  }

  /// What a value says where no key names it a label.
  private func nested(_ value: ReplyValue, depth: Int) -> ReadAnswer? {
    switch value.content {
    case .object(let members): return answer(of: members, depth: depth + 1)
    case .array(let elements):
      let answers = elements.compactMap { nested($0, depth: depth + 1) }
      guard let first = answers.first else { return nil }
      return answers.allSatisfy { $0.outcome == first.outcome } ? first : ReadAnswer(.unreadable("a list of answers"))
    case .null, .text, .bare, .cut: return nil
    }
  }

  /// What a value says in the place of a label; nil for one that names none.
  private func answer(of value: ReplyValue, depth: Int) -> ReadAnswer? {
    switch value.content {
    case .null: return ReadAnswer(.abstained)
    case .cut: return nil
    case .text(let words), .bare(let words): return answer(said: words, at: value.offset)
    case .array(let elements):
      let answers = elements.compactMap { answer(of: $0, depth: depth + 1) }
      guard let first = answers.first else { return ReadAnswer(.unreadable("an empty list of labels")) }
      guard answers.allSatisfy({ $0.outcome == first.outcome }) else {
        return ReadAnswer(.unreadable("a list of several labels"))
      }
      return first
    case .object(let members):
      guard depth < 4 else { return nil }
      let renamed = members.map { member in
        ["name", "text", "value"].contains(AnswerWords.joined(member.name))
          ? ReplyValue.Member(name: "label", value: member.value) : member
      }
      return answer(of: renamed, depth: depth + 1)
    }
  }

  private func answer(said words: String, at offset: Int) -> ReadAnswer {
    if let label = labels.label(said: words) {
      return ReadAnswer(
        .answered(label.name), labelOffset: offset + words.utf8.prefix { $0 == 0x20 || $0 == 0x0A }.count)
    }
    guard var read = AnswerStatements(of: words[...], without: [], reader: self, isValue: true).answer else {
      return ReadAnswer(.unknownLabel(words))
    }
    if case .unknownLabel = read.outcome { return ReadAnswer(.unknownLabel(words)) }
    read.labelOffset = read.labelOffset.map { offset + $0 }
    return read
  }
}
