internal import JSON

/// What replies have in stores and their files alone.
extension RecordedReplies {
  /// The member of a reply with the probability of every label.
  package static let probabilitiesColumn = "probabilities"
  /// The member of a reply whose reasons were cut.
  package static let cutColumn = "rationale_cut"
}

extension RowFile.Row {
  /// The probability of every label, where the row has the object that stores write. Anything else of that name, such as a list,
  /// is another thing.
  func probabilities(of labels: LabelSet) -> [String: Double] {
    guard case .object(let members)? = value(RecordedReplies.probabilitiesColumn) else { return [:] }
    var found: [String: Double] = [:]
    for member in members {
      guard let label = labels.label(member.name), let number = member.value.double, (0...1).contains(number),
        found.updateValue(number, forKey: label.name) == nil
      else { return [:] }
    }
    return found.count == labels.labels.count ? found : [:]
  }
}
