import JSON

extension JSONValue {
  /// The value of a number, or of a table's cell that holds one, with a point or, as spreadsheets write it where the fields
  /// are apart by semicolons, a comma.
  package var decimal: Double? {
    double ?? string.flatMap { Double($0) ?? Double($0.replacing(",", with: ".", maxReplacements: 1)) }
  }

  /// What a person would write into one cell of a table: nil for null, the elements of an array joined by "; ".
  package var cell: String? {
    switch self {
    case .null: nil
    case .bool(let value): value ? "true" : "false"
    case .number(let text), .string(let text): text
    case .array(let elements): elements.compactMap(\.cell).joined(separator: "; ")
    case .object: text
    }
  }

  /// The choices of a question as data sets of multiple choice hold them, each on one line as `A. desk`: an object of the lists
  /// `label` and `text`, or a list of objects with both; nil for anything else.
  var choices: String? {
    let pairs: [(label: String?, text: String?)]
    if let labels = self["label"]?.elements, let texts = self["text"]?.elements, labels.count == texts.count {
      pairs = zip(labels, texts).map { ($0.cell, $1.cell) }
    } else if let elements {
      pairs = elements.map { ($0["label"]?.cell, $0["text"]?.cell) }
    } else {
      return nil
    }
    let lines = pairs.compactMap { pair in
      pair.label.flatMap { label in pair.text.map { "\(label). \($0)".onOneLine } }
    }
    return lines.isEmpty || lines.count < pairs.count ? nil : lines.joined(separator: "\n")
  }

  /// Whether it is made like the ``choices`` of a question, be they whole or not.
  var isMadeLikeChoices: Bool {
    func hasBoth(_ value: JSONValue) -> Bool { value["label"] != nil && value["text"] != nil }
    return hasBoth(self) || (elements?.first.map(hasBoth) ?? false)
  }
}
