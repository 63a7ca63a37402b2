extension RecordedReplies {
  /// Names of the columns.
  public struct Columns: Sendable, Equatable, Codable {
    /// The item's id; nil for `id` or `item`, whichever is there, and else the row's number (one row per item alone).
    public var id: ColumnList?
    /// The object of teachers. The default is `teachers`.
    package var teachers = "teachers"
    /// The teacher of a row. The default is `teacher`.
    public var teacher = "teacher"
    /// The label. The default is `label`.
    public var label = "label"
    /// The rationale. The default is `rationale`.
    public var rationale = "rationale"
    /// The reply as it came, first that is there. The default is `raw`, `raw_prediction`.
    package var raw = ["raw", "raw_prediction"]
    /// The whole reply as a model wrote it, from which ``AnswerReader`` reads label, reasons and stated confidence, in place of
    /// `label`; a rationale or a confidence in a column of its own goes before what was read. It takes a set of labels. The
    /// default is nil: labels stand in a column.
    public var reply: String?
    /// A number 0...1. The default is `confidence`.
    public var confidence = "confidence"
    /// The one teacher of a file in which no column names teachers, or whose column `teacher` is empty here. The default is
    /// none.
    package var owner: String?

    /// The defaults.
    public init() {}

    private enum CodingKeys: String, CodingKey, CaseIterable {
      case id, teachers, teacher, label, rationale, raw, reply, confidence
    }

    /// Reads columns; a missing key has its default, an unknown one is an error.
    public init(from decoder: any Decoder) throws {
      try decoder.refuseUnknownKeys(CodingKeys.allCases.map(\.rawValue))
      let container = try decoder.container(keyedBy: CodingKeys.self)
      id = try container.decodeIfPresent(ColumnList.self, forKey: .id)
      teachers = try container.decodeIfPresent(String.self, forKey: .teachers) ?? teachers
      teacher = try container.decodeIfPresent(String.self, forKey: .teacher) ?? teacher
      label = try container.decodeIfPresent(String.self, forKey: .label) ?? label
      rationale = try container.decodeIfPresent(String.self, forKey: .rationale) ?? rationale
      raw = try container.decodeIfPresent([String].self, forKey: .raw) ?? raw
      reply = try container.decodeIfPresent(String.self, forKey: .reply)
      confidence = try container.decodeIfPresent(String.self, forKey: .confidence) ?? confidence
    }
  }
}
