/// A marked part of a text.
public struct LabelledSpan: Sendable, Equatable, Hashable, Codable {
  /// The span's type.
  public var label: String
  /// Where it stands, in Unicode scalars from the text's start.
  public var range: Range<Int>

  /// A marked part.
  public init(label: String, range: Range<Int>) {
    self.label = label
    self.range = range
  }

  /// The words of the span.
  ///
  /// - Precondition: the span lies inside the text.
  package func text(in text: String) -> String {
    let scalars = text.unicodeScalars
    let start = scalars.index(scalars.startIndex, offsetBy: range.lowerBound)
    return String(scalars[start..<scalars.index(start, offsetBy: range.count)])
  }
}

/// The answer for one item: a class, or the spans of its text.
public enum TaskAnswer: Sendable, Equatable, Hashable, Codable {
  /// The name of a class.
  case label(String)
  /// Spans from left to right; none is an answer too.
  case spans([LabelledSpan])

  /// The answer as one short text, equal for equal answers: a class by its name, spans as `cause:0-4 effect:10-23`.
  ///
  /// It is what a `TeacherReply` has as its label, so that checks and acceptance rules need not know the task.
  public var key: String {
    switch self {
    case .label(let name): name
    case .spans(let spans):
      spans.isEmpty
        ? "no span"
        : spans.map { "\($0.label):\($0.range.lowerBound)-\($0.range.upperBound)" }.joined(separator: " ")
    }
  }

  /// The spans that a key stands for; nil for anything else.
  init?(spanKey key: String) {
    var spans: [LabelledSpan] = []
    for part in key == "no span" ? [] : key.split(separator: " ") {
      guard let colon = part.lastIndex(of: ":") else { return nil }
      let ends = part[part.index(after: colon)...].split(separator: "-").compactMap { Int($0) }
      guard ends.count == 2, ends[0] >= 0, ends[0] < ends[1] else { return nil }
      spans.append(LabelledSpan(label: String(part[..<colon]), range: ends[0]..<ends[1]))
    }
    self = .spans(spans)
  }
}
