package import ConfigurationFiles
internal import Foundation

/// How the items of one file come to be train, dev or test: by the values of a split column, or by shares. With neither all
/// are training items.
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
    ConfigurationKey("train", \.train, "Training items: value(s) of the split column, or a share without one."),
    ConfigurationKey("dev", \.dev, "Development items, in the same way; beside shares none if left out."),
    ConfigurationKey("test", \.test, "Test items, in the same way."),
  ]

  /// Whether the splits are shares.
  package var usesFractions: Bool { parts.contains { $0.share.fraction != nil } }

  /// The parts of all groups by split, from 0 to 1, a share that is left out being 0; nil where splits go by names.
  package var fractions: [(name: String, fraction: Double)]? {
    guard usesFractions else { return nil }
    let unit: Double = isPercent ? 100 : 1
    return parts.map { ($0.name, ($0.share.fraction ?? 0) / unit) }
  }

  private var parts: [(name: String, share: SplitShare)] { [("train", train), ("dev", dev), ("test", test)] }

  /// Shares of which one is above 1 are per cent.
  private var isPercent: Bool { parts.contains { $0.share.fraction.map { $0 > 1 } ?? false } }

  /// One way for all three, no item in two splits.
  package func checkRelations(with reader: inout ConfigurationReader) {
    guard !usesFractions else { return checkShares(with: &reader) }
    let names = [train, dev, test].flatMap { $0.names ?? [] }
    reader.require(
      Set(names).count == names.count, "train", "dev", "test", expected: "every name in one split alone",
      found: "'\(names.first { name in names.count { $0 == name } > 1 } ?? "")' twice")
    reader.require(train.names != [], "train", expected: "at least one name", found: "none")
  }

  private func checkShares(with reader: inout ConfigurationReader) {
    let left = zip(parts, Self.blank.parts).first { $0.share.fraction == nil && $0.share != $1.share }
    reader.require(
      left == nil, "train", "dev", "test", expected: "shares for all splits or for none",
      found: "a mixture: \(left?.0.name ?? "") has names")
    let shares = parts.compactMap(\.share.fraction)
    reader.require(
      !isPercent || shares.allSatisfy { $0.rounded() == $0 }, "train", "dev", "test",
      expected: "fractions from 0 to 1, or whole numbers that are per cent", found: "a mixture of both")
    // Shares that people write as 0.7, 0.2 and 0.1 may exceed 1 by rounding.
    let whole = shares.reduce(0, +)
    reader.require(
      whole <= (isPercent ? 100 : 1) + 1e-9, "train", "dev", "test",
      expected: isPercent ? "at most 100 per cent together" : "fractions of at most 1 together",
      found: String(format: "%.6g", whole))
    reader.require((train.fraction ?? 0) > 0, "train", expected: "a share above 0", found: "none")
  }
}

/// The items of a split: values of the split column, or a share of the groups.
package enum SplitShare: ConfigurationValue {
  /// Rows whose split column has one of these values.
  case names([String])
  /// A part of all groups: from 0 to 1, or per cent where a share of the three is above 1.
  case fraction(Double)

  /// The values of the split column without white space around them, where the share is by names.
  package var names: [String]? {
    if case .names(let names) = self { names.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) } } else { nil }
  }

  /// The number as it was given, where the share is one.
  package var fraction: Double? {
    if case .fraction(let fraction) = self { fraction } else { nil }
  }

  package static var configurationForm: String {
    "a name, a list of names, a fraction from 0 to 1, or per cent (80 or 80%)"
  }

  /// Takes a text, a list of texts, or a number from 0 to 100.
  package static func fromConfiguration(
    _ node: ConfigurationNode, over current: SplitShare?, with reader: inout ConfigurationReader
  ) -> SplitShare? {
    switch node.content {
    case .text(let name):
      if name.hasSuffix("%"), let share = Double(name.dropLast().trimmingCharacters(in: .whitespaces)) {
        if (0...100).contains(share) { return .fraction(share / 100) }
        reader.reject(node, expected: configurationForm)
        return nil
      }
      return .names([name])
    case .list:
      return [String].fromConfiguration(node, over: nil, with: &reader).map { .names($0) }
    case .number(let text):
      if let fraction = Double(text), (0...100).contains(fraction) { return .fraction(fraction) }
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
      "train", \.train, "The most training items; without it all.", range: .ifGiven(.from(1, through: 1_000_000_000)),
      sample: "2000"),
    ConfigurationKey(
      "dev", \.dev, "The most development items; without it all.", range: .ifGiven(.from(1, through: 1_000_000_000)),
      sample: "500"),
    ConfigurationKey(
      "test", \.test, "The most test items; without it all.", range: .ifGiven(.from(1, through: 1_000_000_000)),
      sample: "500"),
  ]
}
