internal import Annotations
internal import Foundation
internal import TeacherProtocol
internal import DistillationConfiguration

/// The items of a run by split, and the way to their gold labels.
struct RunData: Sendable {
  /// All items; resolves images.
  private(set) var dataset: Dataset
  /// Items by split.
  private(set) var train: [Item]
  /// Training items set apart for the teachers that the run makes.
  private(set) var teaching: [Item]
  private(set) var dev: [Item]
  /// The items that are scored: of the test split, or of the one that `evaluation.split` names.
  private(set) var test: [Item]
  /// The name of the split that is scored.
  let scored: String
  /// Gold labels, each reading counted. Nil where no item has one.
  let gold: GoldAnswers<String>?
  /// Rows that were not used.
  private(set) var setAside: [RowProblem]
  /// Ids that stand in more than one of the data files, by id.
  let repeated: [String: SplitDataFiles.Repeated]
  /// What replies may call items that are named by their split, by these names.
  let plainIDs: [String: String]
  /// A digest of the data files, and of the images where the run's rules count them.
  var key: String
  /// A digest of the images of all items that are used; nil before they were looked at, and without any.
  var images: String?

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
      let fractions = (data.splits.fractions ?? []).filter { $0.fraction > 0 }
      let rest = 1 - fractions.reduce(0) { $0 + $1.fraction }
      if !fractions.isEmpty {
        whole = try whole.splitByGroup(
          fractions + (rest > 1e-9 ? [(name: "unused", fraction: rest)] : []), seed: UInt64(configuration.seed))
      }
      problems = whole.setAside
      try whole.checkGroups()
    } else if let named = data.files {
      let split = SplitDataFiles(
        try [("train", named.train), ("dev", named.dev), ("test", named.test)]
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
    func split(_ name: String, _ share: SplitShare, _ limit: Int?) throws -> [Item] {
      let names = data.file == nil || data.splits.usesFractions ? [name] : share.names ?? [name]
      // Where nothing divides the items, all are training items.
      let chosen = data.isUndivided ? (name == "train" ? kept : []) : kept.filter { names.contains($0.split) }
      // The first rows of a file are meant as such, so a limit comes before the order.
      return rows.ordered(try limit.map { try wholeGroups(of: chosen, upTo: $0, key: "data.limit.\(name)") } ?? chosen)
    }
    dataset = whole
    let training = try split("train", data.splits.train, data.limit.train)
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
    dev = try split("dev", data.splits.dev, data.limit.dev)
    let scored = configuration.evaluation.split
    self.scored = scored.rawValue
    test =
      switch scored {
      case .train: train
      case .dev: dev
      case .test: try split("test", data.splits.test, data.limit.test)
      }
    setAside = problems
    repeated = files?.repeated ?? [:]
    plainIDs = files?.plainIDs ?? [:]
    // Without test items nothing is scored, which the step evaluate says; a split that is named must be there.
    let isAsked =
      scored != .test || data.files?.test != nil
      || data.file != nil && data.splits.test != SplitConfiguration.blank.test
    for (name, items) in [("train", train)] + (isAsked ? [(scored.rawValue, test)] : []) where items.isEmpty {
      if name == "test", let fractions = data.splits.fractions, fractions.last?.fraction == 0 { continue }
      throw RunError.emptySplit(name, known: whole.splits, setAside: problems)
    }
    let parts = files?.parts.map { ($0.rows, Optional($0)) } ?? table.map { [($0, nil)] } ?? []
    // A column that was given a name of its own is meant to be there.
    if let column = mapping.label, column != FieldConfiguration.blank.label,
      !parts.contains(where: { table, _ in table.rows.contains { $0.value(column) != nil } }),
      let (table, _) = parts.first
    {
      throw TeacherProtocolError.missingColumn(file: table.file, column: column, key: "label", known: table.columns)
    }
    let golds = try parts.compactMap { table, part -> GoldAnswers<String>? in
      guard let column = mapping.label, table.rows.contains(where: { $0.text(column) != nil }) else { return nil }
      let gold = try GoldAnswers(table, mapping: mapping, labels: labels, strict: configuration.strict)
      return part.map { part in files?.named(gold, in: part) ?? gold } ?? gold
    }
    gold = golds.isEmpty ? nil : golds.count == 1 ? golds[0] : GoldAnswers(joining: golds)
    key = read.key
    if configuration.comparesPhotos { try setAsideIncomparable(strict: configuration.strict) }
  }

  /// The items of a part alone.
  func part(_ shard: Shard) -> RunData {
    var part = self
    part.train = train.filter { shard.contains($0.group) }
    part.test = test.filter { shard.contains($0.group) }
    return part
  }

  /// Moves the items of these problems to ``setAside``.
  mutating func leaveOut(_ problems: [RowProblem]) {
    dataset = dataset.settingAside(problems)
    setAside += problems
    // Of several files the rows of each stay together.
    if Set(setAside.map(\.file)).count == 1 { setAside.sort() }
    let bad = Set(problems.compactMap(\.item))
    for part in [\RunData.train, \.teaching, \.dev, \.test] { self[keyPath: part].removeAll { bad.contains($0.id) } }
  }

  /// Why labels can't be read in place of people's.
  var nothingToReview: RunError { .nothingLabelled(dataset.file, isReviewed: true) }

  /// Why no result can be given, where that is so.
  func nothingScored(_ split: String) -> String? {
    guard labelled.isEmpty else { return nil }
    let known = dataset.splits.filter { !$0.isEmpty }
    return "nothing is scored: "
      + (test.isEmpty
        ? "there are no \(split) items" + (known.isEmpty ? "" : " (the data has \(known.joined(separator: ", ")))")
        : "none of the \(test.count) \(split) items has a label")
  }

  /// The scored items with a label: those that figures are about.
  var labelled: [Item] { test.filter { gold?.has($0.id) ?? false } }

  /// The items on which teachers are asked for the sake of figures: none where no result is about teachers.
  func scoredByTeachers(_ evaluation: EvaluationConfiguration) -> [Item] { evaluation.asksTeachers ? labelled : [] }
}

extension EvaluationConfiguration {
  /// Whether a result is about what teachers say on the scored items.
  var asksTeachers: Bool {
    !Set(results.names).isDisjoint(with: [.teachers, .majority, .agreementPlusLabels])
  }
}

/// The first items, without cutting a group apart.
///
/// - Throws: ``RunError/nothingKept(key:rows:reason:)`` where the first group has more.
private func wholeGroups(of items: [Item], upTo limit: Int, key: String) throws -> [Item] {
  let sizes = Dictionary(items.map { ($0.group, 1) }, uniquingKeysWith: +)
  var (taken, count) = (Set<String>(), 0)
  for item in items where !taken.contains(item.group) {
    count += sizes[item.group] ?? 0
    guard count <= limit else { break }
    taken.insert(item.group)
  }
  if taken.isEmpty, let first = items.first {
    let size = sizes[first.group] ?? 0
    throw RunError.nothingKept(
      key: key, rows: items.count,
      reason:
        "groups stay whole, and the first, '\(first.group)', has \(size) items; raise the limit from \(limit) to \(size) "
        + "or more")
  }
  return items.filter { taken.contains($0.group) }
}

extension DataConfiguration {
  /// Whether neither a column nor shares divide the items of the one file.
  var isUndivided: Bool { file != nil && fields.split == nil && !splits.usesFractions }

  /// Which column means what. Columns that rows are chosen by are kept as attributes.
  var mapping: FieldMapping {
    var slices: [String: String] = [:]
    for column in fields.slices + rowsWhere.keys { slices[column] = column }
    return FieldMapping(
      id: ColumnList([fields.id]), image: fields.image, text: fields.text,
      label: fields.label, group: fields.group, split: file == nil ? nil : fields.split,
      evidence: fields.evidence, slices: slices)
  }
}
