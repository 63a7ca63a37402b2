internal import Annotations
internal import Foundation
internal import TeacherProtocol
internal import DistillationConfiguration

/// The items of a run by split, and the way to their gold labels.
struct RunData: Sendable {
  /// All items; resolves images.
  let dataset: Dataset
  /// Items by split.
  let train: [Item]
  /// Training items set apart for the teachers that the run makes.
  let teaching: [Item]
  let dev: [Item]
  /// The items that are scored: of the test split, or of the one that `evaluation.split` names.
  let test: [Item]
  /// Gold labels, each reading counted. Nil where the configuration maps no label column.
  let gold: GoldAnswers<String>?
  /// Rows that were not used.
  let setAside: [RowProblem]
  /// Ids that stand in more than one of the data files, by id.
  let repeated: [String: SplitDataFiles.Repeated]
  /// What replies may call items that are named by their split, by these names.
  let plainIDs: [String: String]
  /// A digest of the data files.
  let key: String

  /// - Parameters:
  ///   - read: the data files.
  ///   - rows: the order of each split's items.
  init(_ configuration: RunConfiguration, labels: LabelSet, files read: DataFiles, rows: RowOrder) throws {
    let data = configuration.data
    let mapping = data.mapping
    let root = data.images.map { URL(filePath: $0) }
    func items(_ path: String, _ rows: RowFile) throws -> Dataset {
      try Dataset(
        rows, mapping: mapping, root: root ?? URL(filePath: path).deletingLastPathComponent(),
        strict: configuration.strict
      ).settingAsideMissingImages(strict: configuration.strict)
    }
    var problems: [RowProblem] = []
    var table: RowFile?
    var whole: Dataset
    var files: SplitDataFiles?
    if let file = data.file {
      let rows = try read.rows(file)
      whole = try items(file, rows)
      table = rows
      let fractions = [("train", data.splits.train), ("dev", data.splits.dev), ("test", data.splits.test)]
        .compactMap { name, share in share.fraction.map { (name: name, fraction: $0) } }
        .filter { $0.fraction > 0 }
      let rest = 1 - fractions.reduce(0) { $0 + $1.fraction }
      if !fractions.isEmpty {
        whole = try whole.splitByGroup(
          fractions + (rest > 1e-9 ? [(name: "unused", fraction: rest)] : []), seed: UInt64(configuration.seed))
      }
      problems = whole.setAside
      try whole.checkGroups()
    } else if let named = data.files {
      let split = SplitDataFiles(
        try [("train", named.train as String?), ("dev", named.dev), ("test", named.test)]
          .compactMap { name, path in
            try path.map {
              let rows = try read.rows($0)
              return .init(name: name, path: $0, rows: rows, data: try items($0, rows))
            }
          })
      problems = split.parts.flatMap(\.data.setAside)
      whole = split.dataset()
      files = split
      try whole.checkGroups()
    } else {
      throw RunError.unset("data.file")
    }
    if let nothing = data.nothingKept(of: whole.items) { throw nothing }
    let kept = whole.items.filter(data.keeps)
    func split(_ name: String, _ share: SplitShare, _ limit: Int?) -> [Item] {
      let names = data.file == nil ? [name] : share.names ?? [name]
      let chosen = kept.filter { names.contains($0.split) }
      // The first rows of a file are meant as such, so a limit comes before the order.
      return rows.ordered(limit.map { wholeGroups(of: chosen, upTo: $0) } ?? chosen)
    }
    dataset = whole
    let training = split("train", data.splits.train, data.limit.train)
    if data.teacherShare > 0 {
      let halves = try Dataset(items: training, root: whole.root, file: whole.file).splitByGroup(
        [(name: "teachers", fraction: data.teacherShare), (name: "student", fraction: 1 - data.teacherShare)],
        seed: UInt64(configuration.seed), bond: .group)
      let apart = Set(halves.items.lazy.filter { $0.split == "teachers" }.map(\.id))
      teaching = training.filter { apart.contains($0.id) }
      train = training.filter { !apart.contains($0.id) }
    } else {
      teaching = []
      train = training
    }
    dev = split("dev", data.splits.dev, data.limit.dev)
    let scored = configuration.evaluation.split
    test =
      switch scored {
      case .train: train
      case .dev: dev
      case .test: split("test", data.splits.test, data.limit.test)
      }
    setAside = problems
    repeated = files?.repeated ?? [:]
    plainIDs = files?.plainIDs ?? [:]
    for (name, items) in [("train", train), (scored.rawValue, test)] where items.isEmpty {
      throw RunError.emptySplit(name, known: whole.splits, setAside: problems)
    }
    gold =
      if mapping.label == nil { nil } else if let files {
        try files.gold(mapping, labels: labels, strict: configuration.strict)
      } else if let table {
        try GoldAnswers(table, mapping: mapping, labels: labels, strict: configuration.strict)
      } else { nil }
    key = read.key
  }
}

/// The first items, without cutting a group apart.
private func wholeGroups(of items: [Item], upTo limit: Int) -> [Item] {
  let sizes = Dictionary(items.map { ($0.group, 1) }, uniquingKeysWith: +)
  var (taken, count) = (Set<String>(), 0)
  for item in items where !taken.contains(item.group) {
    count += sizes[item.group] ?? 0
    guard count <= limit else { break }
    taken.insert(item.group)
  }
  return items.filter { taken.contains($0.group) }
}

extension DataConfiguration {
  /// Which column means what. Columns that rows are chosen by are kept as attributes.
  var mapping: FieldMapping {
    var slices = Dictionary(uniqueKeysWithValues: fields.slices.map { ($0, $0) })
    for column in rowsWhere.keys { slices[column] = column }
    return FieldMapping(
      id: ColumnList([fields.id]), image: fields.image, text: fields.text,
      label: fields.label.isEmpty ? nil : fields.label, group: fields.group, split: file == nil ? nil : fields.split,
      evidence: fields.evidence, slices: slices)
  }
}
