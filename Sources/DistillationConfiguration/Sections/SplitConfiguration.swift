package import ConfigurationFiles
internal import Foundation

/// How the items of one file come to be train, dev or test: by the values of a split column, or by fractions.
package struct SplitConfiguration: DefaultedSection {
  package var train = SplitShare.names(["train"])
  package var dev = SplitShare.names(["dev"])
  package var test = SplitShare.names(["test"])

  /// Splits by the names `train`, `dev` and `test`.
  package init() {}

  /// Splits by fractions of the groups; what is left over is not used.
  ///
  /// - Parameters:
  ///   - train: From 0 to 1, as the others; their sum is at most 1.
  ///   - dev: May be 0.
  ///   - test: Above 0.
  package init(train: Double, dev: Double, test: Double) {
    self.train = .fraction(train)
    self.dev = .fraction(dev)
    self.test = .fraction(test)
  }

  /// The keys under `data.splits`.
  package static let keys: [ConfigurationKey<SplitConfiguration>] = [
    ConfigurationKey("train", \.train, "Training items: value(s) of the split column, or a fraction without one."),
    ConfigurationKey("dev", \.dev, "Development items, in the same way."),
    ConfigurationKey("test", \.test, "Test items, in the same way."),
  ]

  /// Whether the splits are fractions.
  package var usesFractions: Bool { [train, dev, test].contains { $0.fraction != nil } }

  /// One way for all three, no item in two splits.
  package func checkRelations(with reader: inout ConfigurationReader) {
    let fractions = [train, dev, test].compactMap(\.fraction)
    guard fractions.isEmpty else {
      reader.require(
        fractions.count == 3, "train", "dev", "test", expected: "fractions for all three splits or for none",
        found: "a mixture")
      // Three fractions that people write as 0.7, 0.2 and 0.1 may exceed 1 by rounding.
      reader.require(
        fractions.reduce(0, +) <= 1 + 1e-9, "train", "dev", "test", expected: "fractions of at most 1 together",
        found: "\(fractions.reduce(0, +))")
      reader.require(train.fraction != 0, "train", expected: "a fraction above 0", found: "0")
      reader.require(test.fraction != 0, "test", expected: "a fraction above 0", found: "0")
      return
    }
    let names = [train, dev, test].flatMap { $0.names ?? [] }
    reader.require(
      Set(names).count == names.count, "train", "dev", "test", expected: "every name in one split alone",
      found: "'\(names.first { name in names.count { $0 == name } > 1 } ?? "")' twice")
    reader.require(train.names != [], "train", expected: "at least one name", found: "none")
    reader.require(test.names != [], "test", expected: "at least one name", found: "none")
  }
}

/// The items of a split: values of the split column, or a fraction of the groups.
package enum SplitShare: ConfigurationValue {
  /// Rows whose split column has one of these values.
  case names([String])
  /// A part of all groups, from 0 to 1.
  case fraction(Double)

  /// The values of the split column without white space around them, where the share is by names.
  package var names: [String]? {
    if case .names(let names) = self { names.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) } } else { nil }
  }

  /// The part of all groups, where the share is a fraction.
  package var fraction: Double? {
    if case .fraction(let fraction) = self { fraction } else { nil }
  }

  package static var configurationForm: String { "a name, a list of names, or a fraction from 0 to 1" }

  /// Takes a text, a list of texts, or a number from 0 to 1.
  package static func fromConfiguration(
    _ node: ConfigurationNode, over current: SplitShare?, with reader: inout ConfigurationReader
  ) -> SplitShare? {
    switch node.content {
    case .text(let name):
      return .names([name])
    case .list:
      return [String].fromConfiguration(node, over: nil, with: &reader).map { .names($0) }
    case .number(let text):
      if let fraction = Double(text), (0...1).contains(fraction) { return .fraction(fraction) }
      reader.reject(node, expected: configurationForm)
    case .null, .boolean, .map:
      reader.reject(node, expected: configurationForm)
    }
    return nil
  }

  /// One name as text, several as a list, a fraction as a number.
  package var configurationNode: ConfigurationNode? {
    switch self {
    case .names(let names): names.count == 1 ? .text(names[0]) : names.configurationNode
    case .fraction(let fraction): .number(fraction)
    }
  }
}

/// The most items of each split.
package struct LimitConfiguration: DefaultedSection {
  package var train: Int?
  package var dev: Int?
  package var test: Int?

  /// No limits.
  package init() {}

  /// The keys under `data.limit`.
  package static let keys: [ConfigurationKey<LimitConfiguration>] = [
    ConfigurationKey(
      "train", \.train, "The most training items; without it all.", range: .ifGiven(.atLeast(1)), sample: "2000"),
    ConfigurationKey(
      "dev", \.dev, "The most development items; without it all.", range: .ifGiven(.atLeast(1)), sample: "500"),
    ConfigurationKey(
      "test", \.test, "The most test items; without it all.", range: .ifGiven(.atLeast(1)), sample: "500"),
  ]
}
