internal import JSON
internal import TeacherProtocol

/// Which of two spans counts where they overlap.
public enum SpanOverlap: String, Sendable, Codable, CaseIterable {
  /// The longer one; of equally long ones the one further left, then the one whose type comes first.
  case longest
  /// The one whose type comes first in the task; of one type the one further left.
  case typeOrder
  /// Neither: the whole answer is unreadable.
  case refuse

  /// The spans that count, from left to right; nil where the rule refuses them.
  ///
  /// - Parameter types: the span types in the task's order.
  package func settled(_ spans: [LabelledSpan], types: [String]) -> [LabelledSpan]? {
    func type(_ span: LabelledSpan) -> Int { types.firstIndex(of: span.label) ?? types.count }
    let ranked = spans.sorted { a, b in
      let (left, right) = (a.range.lowerBound, b.range.lowerBound)
      return switch self {
      case .longest: (-a.range.count, left, type(a)) < (-b.range.count, right, type(b))
      case .typeOrder, .refuse: (type(a), left, -a.range.count) < (type(b), right, -b.range.count)
      }
    }
    var kept: [LabelledSpan] = []
    for span in ranked where !kept.contains(span) {
      if kept.contains(where: { $0.range.overlaps(span.range) }) {
        if self == .refuse { return nil }
      } else {
        kept.append(span)
      }
    }
    return kept.sorted { $0.range.lowerBound < $1.range.lowerBound }
  }
}

/// Reads spans out of a reply and finds them in the text.
///
/// Thoughts are left out and objects read as `AnswerReader` does both. Several objects with spans must say the same.
struct SpanReader {
  let task: LabellingTask

  func spans(in reply: String, about text: String) throws(UnreadableAnswer) -> [LabelledSpan] {
    let (objects, hasOther) = try objects(in: reply)
    guard let first = objects.first else {
      throw UnreadableAnswer(
        hasOther ? "a JSON object without \(task.names.joined(separator: ", "))" : "no JSON object with the spans")
    }
    let spans = try spans(in: first, about: text)
    for other in objects.dropFirst() where try self.spans(in: other, about: text) != spans {
      throw UnreadableAnswer("JSON objects that contradict each other")
    }
    return spans
  }

  func spans(in object: JSONValue, about text: String) throws(UnreadableAnswer) -> [LabelledSpan] {
    let types = task.labels.labels.dropLast()
    guard types.contains(where: { value(of: $0, in: object) != nil }) else {
      throw UnreadableAnswer("a JSON object without \(task.names.joined(separator: ", "))")
    }
    let locator = SpanLocator(text)
    var spans: [LabelledSpan] = []
    for type in types {
      var taken: [Range<Int>] = []
      for quote in try quotes(value(of: type, in: object) ?? .null, type: type.name) {
        let places = locator.ranges(of: quote)
        // The same words named twice are two places.
        guard let place = places.first(where: { !taken.contains($0) }) ?? places.first else {
          throw UnreadableAnswer("the \(type.name) '\(quote)' does not stand in the text")
        }
        taken.append(place)
        spans.append(LabelledSpan(label: type.name, range: place))
      }
    }
    guard let settled = task.overlap.settled(spans, types: task.names) else {
      throw UnreadableAnswer("spans that overlap")
    }
    return settled
  }

  /// A confidence that the reply states.
  func confidence(in reply: String) -> Confidence? {
    guard let object = (try? objects(in: reply))?.objects.first,
      let value = object["confidence"] ?? object["probability"]
    else { return nil }
    guard let cell = value.cell else { return nil }
    let isPercent = cell.contains("%")
    guard var number = Double(cell.filter { $0.isNumber || $0 == "." }) else { return nil }
    if isPercent || number > 1 { number /= 100 }
    return (0...1).contains(number) ? Confidence(number, source: .verbalised) : nil
  }

  private func value(of type: LabelSet.Label, in object: JSONValue) -> JSONValue? {
    guard case .object(let members) = object else { return nil }
    let keys = ([type.name] + type.aliases + [type.answer]).map(LabelSpelling.key)
    return keys.lazy.compactMap { key in members.last { LabelSpelling.key($0.name) == key }?.value }.first
  }

  private func quotes(_ value: JSONValue, type: String) throws(UnreadableAnswer) -> [String] {
    if value == .null { return [] }
    if let text = value.string { return text.allSatisfy(\.isWhitespace) ? [] : [text] }
    guard let elements = value.elements else { throw UnreadableAnswer("a \(type) that is no text") }
    var quotes: [String] = []
    for element in elements { quotes += try self.quotes(element, type: type) }
    return quotes
  }

  /// The objects of a reply that name a span type, and whether there are others.
  private func objects(in reply: String) throws(UnreadableAnswer) -> (objects: [JSONValue], hasOther: Bool) {
    let reads = { (text: Substring) in !ReplyObject.all(in: text).objects.isEmpty }
    guard let answer = ReplyThoughts.answer(in: reply, reads: reads) else {
      throw UnreadableAnswer(AnswerReader.endlessThought)
    }
    let quoted = ReplyThoughts.quoted(in: answer)
    let found = ReplyObject.all(in: answer).objects.filter { object in
      !quoted.contains { $0.contains(object.range.lowerBound) }
    }
    let objects = found.flatMap { naming(ReplyValue.json(of: $0.members), depth: 0) }
    return (objects, !found.isEmpty)
  }

  /// The object itself where it names a span type, else those within it that do: `{"result": {"cause": ...}}`.
  private func naming(_ value: JSONValue, depth: Int) -> [JSONValue] {
    guard depth < 4 else { return [] }
    if case .object(let members) = value {
      let isOne = task.labels.labels.dropLast().contains { self.value(of: $0, in: value) != nil }
      return isOne ? [value] : members.flatMap { naming($0.value, depth: depth + 1) }
    }
    return value.elements?.flatMap { naming($0, depth: depth + 1) } ?? []
  }
}
