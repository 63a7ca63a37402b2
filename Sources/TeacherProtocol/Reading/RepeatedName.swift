internal import JSON

extension JSONValue {
  /// The first member whose name its object has a second time, as a path; nil where every name is there once.
  ///
  /// Readers of JSON go by the last such member without a word, so that what stands in the first is lost.
  var repeatedName: String? {
    switch self {
    case .object(let members):
      var seen: Set<String> = []
      for member in members {
        if !seen.insert(member.name).inserted { return member.name }
        if let inner = member.value.repeatedName { return "\(member.name).\(inner)" }
      }
      return nil
    case .array(let elements):
      for (place, element) in elements.enumerated() {
        if let inner = element.repeatedName { return "[\(place)].\(inner)" }
      }
      return nil
    case .null, .bool, .number, .string: return nil
    }
  }

  /// What is wrong with a value as a row of a data file: the field, what is expected and what is there; nil for nothing.
  var faultAsRow: (field: String?, expected: String, found: String)? {
    guard case .object = self else { return (nil, "an object of fields", kind) }
    return repeatedName.map { ($0, "a field of one name once", "it a second time") }
  }
}
