/// The five things that a photo shows and a caption says; an out-of-context caption is wrong about one or two of them.
package enum Fact: String, CaseIterable, Codable, Sendable {
  /// What the photo is about: a ``NewsObject``.
  case object
  /// The colour of the objects: a ``NewsColour``.
  case colour
  /// How many objects there are, 1 to 4.
  case count
  /// Where they are: a ``NewsPlace``.
  case place
  /// The time of day: a ``TimeOfDay``.
  case time
}

extension Set<Fact> {
  /// The facts in the order of `Fact.allCases`: a set has no order of its own, and results must not depend on one.
  package var ordered: [Fact] {
    Fact.allCases.filter(contains)
  }

  /// The facts as one word for a column of a table, such as `colour` or `colour+place`.
  package var name: String {
    ordered.map(\.rawValue).joined(separator: "+")
  }
}
