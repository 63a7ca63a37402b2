package import TeacherProtocol

/// The answer of one voter (a teacher, a majority, a student) for one item.
///
/// ```swift
/// let sure = Prediction(itemID: "42", label: "falsified", probabilities: ["falsified": 0.9, "pristine": 0.1])
/// sure.confidence  // 0.9
/// let silent = Prediction(itemID: "43", label: nil)  // abstained, tied or unreadable: scored as wrong
/// ```
///
/// As JSON it is the object `{"id":, "label":, "tied":, "score":, "probabilities":, "rationale":, "spans":, "review":, "cut":,
/// "error":}`, all left out where unknown. `"tied": true` says why there is no label: the largest probabilities are equal.
public struct Prediction: Codable, Sendable, Equatable {
  /// A span of the item's text.
  package struct Span: Codable, Sendable, Equatable {
    package var label: String
    /// Where it begins, in Unicode scalars from the text's start.
    package var start: Int
    /// Where it ends, likewise; the first scalar after it.
    package var end: Int
    package var text: String

    package init(label: String, start: Int, end: Int, text: String) {
      self.label = label
      self.start = start
      self.end = end
      self.text = text
    }
  }

  /// The item's `id` in its data set; empty for a row that has none.
  public var itemID: String
  /// The label given, or nil where there is none: the voter abstained, the votes were tied, the reply was unreadable.
  public var label: String?
  /// Probability of each label, each in 0...1. The default is empty: the voter gives none.
  public var probabilities: [String: Double]
  /// The expected level of a task with ordered labels: the sum of level x probability, where levels are numbered from 0. The
  /// default is nil: the labels have no order, or there are no probabilities.
  public var score: Double?
  /// The reasons given in words. The default is nil.
  public var rationale: String?
  /// The spans found, from left to right, where the task is spans; nil where it is classes.
  package var spans: [Span]?
  /// Whether the label should be looked at by a person, as its confidence is below the run's threshold; nil where there is no
  /// threshold.
  package var needsReview: Bool?
  /// Whether the voter read a part of the text alone, as it was too long; nil where it reads whole texts.
  package var isCut: Bool?
  /// Why the item was not put to the voter: what is wrong with its row, image or text. The default is nil: it was.
  public var error: String?

  /// A prediction; see the properties.
  public init(
    itemID: String, label: String?, probabilities: [String: Double] = [:], rationale: String? = nil,
    error: String? = nil
  ) {
    self.itemID = itemID
    self.label = label
    self.probabilities = probabilities
    self.rationale = rationale
    self.error = error
  }

  /// A prediction of spans.
  package init(itemID: String, spans: [Span]?, error: String? = nil) {
    self.init(itemID: itemID, label: nil, error: error)
    self.spans = spans
  }

  /// The same with ``score`` by its probabilities, where the labels are levels.
  package func scored(over labels: LabelSet) -> Prediction {
    var scored = self
    scored.score = labels.levels.flatMap(expectedLevel)
    return scored
  }

  /// The expected level by the probabilities, 0 to the number of levels less 1; nil where there are none.
  func expectedLevel(over levels: [String]) -> Double? {
    probabilities.isEmpty ? nil : LevelProbabilities(levels.map { probabilities[$0] ?? 0 }).expected
  }

  /// Whether there is no label because several are exactly equally probable, and none more than these.
  package var isTied: Bool {
    guard label == nil, error == nil, let most = probabilities.values.max() else { return false }
    return probabilities.values.count { $0 == most } > 1
  }

  /// The probability of the label given, in 0...1; nil where there is no label or no probability for it.
  public var confidence: Double? { label.flatMap { probabilities[$0] } }

  private enum CodingKeys: String, CodingKey {
    case itemID = "id"
    case label, tied, score, probabilities, rationale, spans, error
    case needsReview = "review"
    case isCut = "cut"
  }

  /// Reads the object described above.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    itemID = try fields.decodeIfPresent(String.self, forKey: .itemID) ?? ""
    label = try fields.decodeIfPresent(String.self, forKey: .label)
    probabilities = try fields.decodeIfPresent([String: Double].self, forKey: .probabilities) ?? [:]
    score = try fields.decodeIfPresent(Double.self, forKey: .score)
    rationale = try fields.decodeIfPresent(String.self, forKey: .rationale)
    spans = try fields.decodeIfPresent([Span].self, forKey: .spans)
    needsReview = try fields.decodeIfPresent(Bool.self, forKey: .needsReview)
    isCut = try fields.decodeIfPresent(Bool.self, forKey: .isCut)
    error = try fields.decodeIfPresent(String.self, forKey: .error)
  }

  /// Writes the object described above.
  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: CodingKeys.self)
    if !itemID.isEmpty { try fields.encode(itemID, forKey: .itemID) }
    try fields.encodeIfPresent(label, forKey: .label)
    if isTied { try fields.encode(true, forKey: .tied) }
    try fields.encodeIfPresent(score, forKey: .score)
    if !probabilities.isEmpty { try fields.encode(probabilities, forKey: .probabilities) }
    try fields.encodeIfPresent(rationale, forKey: .rationale)
    try fields.encodeIfPresent(spans, forKey: .spans)
    // Only where it is true: what stands in a row is what is to be done with it.
    if needsReview == true { try fields.encode(true, forKey: .needsReview) }
    if isCut == true { try fields.encode(true, forKey: .isCut) }
    try fields.encodeIfPresent(error, forKey: .error)
  }
}
