internal import Foundation
internal import TeacherProtocol
internal import DistillationConfiguration
internal import Wording

extension RunData {
  /// What is said of the rows that no split takes, which nothing of the run sees; nil where there are none.
  func rowsInNoSplit(_ data: DataConfiguration) -> String? {
    guard data.file != nil else { return nil }
    guard !data.isUndivided else { return nil }
    let shares = [data.splits.train, data.splits.dev, data.splits.test]
    let named = data.splits.usesFractions ? ["train", "dev", "test"] : Set(shares.flatMap { $0.names ?? [] })
    let unused = dataset.items.filter { !named.contains($0.split) && data.keeps($0) }
    guard !unused.isEmpty else { return nil }
    let head = "\(NumberText.counted(unused.count, "row")) \(unused.count == 1 ? "belongs" : "belong") to no split: "
    if let fractions = data.splits.fractions {
      let sum = fractions.reduce(0) { $0 + $1.fraction }
      return head + "the fractions of data.splits are \(String(format: "%.4g", sum)) together, and the rest is left out"
    }
    var seen: Set<String> = []
    let values = unused.map(\.split).filter { seen.insert($0).inserted }
    let more = values.count > 12 ? " and \(values.count - 12) other values" : ""
    return head + "the split column has " + values.prefix(12).map { "'\($0)'" }.joined(separator: ", ") + more
  }
}

extension DataConfiguration {
  /// Whether `where` takes an item.
  func keeps(_ item: Item) -> Bool {
    rowsWhere.allSatisfy { column, values in item.attributes[column].map(values.contains) ?? false }
  }

  /// Why `where` leaves nothing of the items; nil where it leaves some.
  func nothingKept(of items: [Item]) -> RunError? {
    guard !items.isEmpty, !items.contains(where: keeps) else { return nil }
    let conditions = rowsWhere.sorted { $0.key < $1.key }
    let reasons = conditions.compactMap { column, values -> String? in
      let there = Set(items.compactMap { $0.attributes[column] })
      guard there.isDisjoint(with: values) else { return nil }
      let shown = there.sorted().prefix(8).map { "'\($0)'" }.joined(separator: ", ")
      return "\(values.map { "'\($0)'" }.joined(separator: ", ")) stands in no row's '\(column)', which has \(shown)"
        + (there.count > 8 ? " and \(there.count - 8) other values" : "")
    }
    let all = "no row has a value of each of \(conditions.map { "'\($0.key)'" }.joined(separator: ", "))"
    return .nothingKept(
      key: "data.where", rows: items.count, reason: reasons.isEmpty ? all : reasons.joined(separator: "; "))
  }
}
