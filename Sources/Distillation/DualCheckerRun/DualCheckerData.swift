internal import ContentDigest
internal import DualChecker
internal import Foundation
internal import TeacherProtocol
internal import DistillationConfiguration
internal import Wording

/// The records of a run as they are divided before a label is looked at: the test split and the rest.
struct DualCheckerRecords: Sendable {
  let task: LabellingTask
  let training: [Item]
  let test: [Item]
  /// Gold answers, each reading counted. For the pool, and for scores.
  let gold: GoldAnswers<TaskAnswer>
  let setAside: [RowProblem]
  let key: String
  /// Why nothing can be scored, where that is so.
  let unscored: String?
  /// Records of the labelled pool.
  let poolSize: Int
  /// Records that are neither trained on nor scored, and that have a gold answer; none where they are not read.
  let development: [LabelledPool.Entry]
  /// The digest of the file of development records; nil where they stand in no file of their own.
  let developmentDigest: String?

  /// - Parameters:
  ///   - rows: the order of the records.
  ///   - readsDevelopment: whether records that stand apart for development are read, too. The default is where the student is
  ///     calibrated on them.
  init(_ configuration: DualCheckerConfiguration, rows: RowOrder, readsDevelopment: Bool? = nil) throws {
    task = try configuration.task.task()
    let (read, task) = (configuration.data, task)
    let calibrates = configuration.evaluation.calibration == .dev
    let readsDevelopment = readsDevelopment ?? calibrates
    let developmentFile = readsDevelopment ? read.files?.dev : nil
    // The part behind the one that is scored.
    let developmentFold = calibrates && !read.isDivided ? (read.fold + 1) % read.folds : nil
    let mapping = read.mapping
    // People come without labels: the method needs none, and what can't be scored then is said.
    var hints: [String] = []
    // A type that the first file has may be too rare for the others.
    var isFirst = true
    func gold(_ rows: RowFile) throws -> GoldAnswers<TaskAnswer> {
      if GoldAnswers.stand(in: rows, task: task, mapping: mapping) {
        defer { isFirst = false }
        return try GoldAnswers(rows, task: task, mapping: mapping, mayLackTypes: !isFirst)
      }
      // A column that was given a name of its own is meant to be there.
      let column = task.kind == .spans ? mapping.spans : mapping.label
      if let column, column != DualCheckerDataConfiguration.Fields().label,
        !rows.rows.contains(where: { $0.value(column) != nil })
      {
        throw TeacherProtocolError.missingColumn(
          file: rows.file, column: column, key: "data.fields.\(task.kind == .spans ? "spans" : "label")",
          known: rows.columns)
      }
      hints += [read.columnHint(task, rows)].compactMap(\.self)
      return GoldAnswers([:])
    }
    func dataset(_ rows: RowFile, _ file: URL) throws -> Dataset {
      try read.namingKeys { try Dataset(rows, mapping: mapping, root: file.deletingLastPathComponent()) }
    }
    let data: Dataset
    if let files = read.files {
      let split = SplitDataFiles(
        try [("train", files.train), ("test", files.test)].compactMap { name, path in
          guard let path else { return nil }
          let file = URL(filePath: path)
          let rows = try RowFile(contentsOf: file)
          let items = try dataset(rows, file)
          return SplitDataFiles.Part(name: name, path: path, rows: rows, data: items)
        })
      (data, self.gold) = (split.dataset(), try split.gold(gold))
      setAside = split.parts.flatMap { $0.data.setAside } + self.gold.setAside
    } else {
      guard let path = read.file else { throw RunError.unset("data.file") }
      let file = URL(filePath: path)
      let rows = try RowFile(contentsOf: file)
      data = try dataset(rows, file)
      self.gold = try gold(rows)
      setAside = data.setAside + self.gold.setAside
    }
    let known = self.gold
    // The first rows of a file are meant as such, so a limit comes before the order.
    func kept(_ items: [Item]) -> [Item] { rows.ordered(read.limit.map { Array(items.prefix($0)) } ?? items) }
    func part(_ share: SplitShare?, _ name: String) -> [Item] {
      let names = share?.names ?? [name]
      return kept(data.items.filter { names.contains($0.split) })
    }
    let items = read.isDivided ? [] : kept(data.items)
    // By a hash of the group and not by chance: the fold of a record does not depend on the other records, or on the seed.
    func place(_ item: Item) -> Int {
      Int(
        (UInt64(ContentDigest.of(fields: ["fold", item.group]).prefix(12), radix: 16) ?? 0)
          % UInt64(read.folds))
    }
    // Without any label no part is set apart to be scored.
    let isScored = known.count > 0
    let scored =
      read.isDivided ? part(read.splits?.test, "test") : isScored ? items.filter { place($0) == read.fold } : []
    test = scored.filter { known.has($0.id) }
    // A file of its own: its ids may be those of other records.
    let apart = try developmentFile.map { path in
      let file = URL(filePath: path)
      let rows = try RowFile(contentsOf: file)
      let items = try dataset(rows, file)
      return (items: kept(items.items), gold: try gold(rows), setAside: items.setAside)
    }
    let developed =
      apart.map { ($0.items, $0.gold) }
      ?? (!readsDevelopment || !isScored
        ? ([], known)
        : (read.isDivided ? part(read.splits?.dev, "dev") : items.filter { place($0) == developmentFold }, known))
    development = developed.0.compactMap { item in
      developed.1.answer(of: item.id).map { .init(item: item, answer: $0) }
    }
    training =
      read.isDivided
      ? part(read.splits?.train, "train")
      : isScored ? items.filter { place($0) != read.fold && place($0) != developmentFold } : items
    // A split that is named must be there.
    let isNamed = read.files?.test != nil || read.splits.map { $0.test != SplitConfiguration.blank.test } ?? false
    for (name, isMissing) in [
      ("train", training.isEmpty), ("test", scored.isEmpty && (read.isDivided ? isNamed : isScored)),
      ("dev", calibrates && isScored && developed.0.isEmpty),
    ] where isMissing {
      throw RunError.emptySplit(
        name, known: read.isDivided ? data.splits : ["\(items.count) records in all"], setAside: setAside)
    }
    unscored =
      test.isEmpty
      ? "nothing is scored: "
        + (scored.isEmpty
          ? isScored ? "there are no test records" : "no record has a label" + (hints.first ?? "")
          : "none of the \(scored.count) test records has a label") : nil
    poolSize = min(configuration.aligner.pool.labels(ofItems: training.count), training.count { known.has($0.id) })
    developmentDigest = try developmentFile.map { try digest(of: URL(filePath: $0)) }
    let paths = read.files.map { [$0.train, $0.test].compactMap(\.self) } ?? [read.file ?? ""]
    key = try StepRecords.key(
      paths.map { try digest(of: URL(filePath: $0)) }.joined(separator: " "),
      paths.reduce(read.json) { $0.replacing($1, with: "") } + (developmentFold.map { " dev \($0)" } ?? ""))
  }

  /// All that the student is trained on or asked about.
  var ofStudent: [Item] { training + test + development.map(\.item) }
}

/// The records of a run: the test split, the labelled pool, and the rest, whose gold labels the method does not read.
struct DualCheckerData: Sendable {
  let task: LabellingTask
  /// With gold answers, the only ones that the method sees.
  let pool: [LabelledPool.Entry]
  let unlabelled: [Item]
  let test: [Item]
  /// Why nothing can be scored, where that is so.
  let unscored: String?
  /// Records that are neither trained on nor scored, and that have a gold answer; none where they are not read.
  let development: [LabelledPool.Entry]
  /// The test split in an order that depends neither on that of the rows nor on the other records.
  let testInOrder: [Item]
  /// Gold answers, each reading counted. For the pool, and for scores.
  let gold: GoldAnswers<TaskAnswer>

  /// Chooses the labelled pool, by what the configuration says.
  init(
    _ records: DualCheckerRecords, _ configuration: DualCheckerConfiguration, encoder: any SentenceEncoder
  ) async throws {
    let gold = records.gold
    func ordered(_ name: String, _ items: [Item]) -> [Item] {
      items.map { (ContentDigest.of(fields: [name, "\(configuration.seed)", $0.id]), $0) }.sorted { $0.0 < $1.0 }
        .map(\.1)
    }
    let candidates = ordered("pool", records.training.filter { gold.has($0.id) })
    // A quarter at random, and the choice blind to it: what confidence is worth can't be learned from records that were
    // chosen as unusual, nor from ones whose likes the choice has avoided.
    let random = configuration.aligner.poolSelection == .random ? records.poolSize : (records.poolSize + 3) / 4
    let others = Array(candidates.dropFirst(random))
    let chosen = try await CoverageOrder(encoder: encoder, seed: UInt64(configuration.seed)).order(
      of: others, count: records.poolSize - random)
    let drawn = candidates.prefix(random).map { ($0, true) } + chosen.map { (others[$0], false) }
    (task, test, unscored, self.gold) = (records.task, records.test, records.unscored, gold)
    development = records.development
    pool = drawn.compactMap { item, isRandom in
      gold.answer(of: item.id).map { .init(item: item, answer: $0, isRandom: isRandom) }
    }
    testInOrder = ordered("test", records.test)
    let taken = Set(pool.map(\.item.id))
    unlabelled = ordered("loop", records.training.filter { !taken.contains($0.id) })
  }

  /// The gold answers of items that have one; for scores and comparisons alone.
  func known(_ items: [Item]) -> [LabelledPool.Entry] {
    items.compactMap { item in gold.has(item.id) ? gold.answer(of: item.id).map { .init(item: item, answer: $0) } : nil
    }
  }
}

extension DualCheckerDataConfiguration {
  /// Reads records by the closure; an error names a column by its key here.
  fileprivate func namingKeys<Read>(_ read: () throws -> Read) throws -> Read {
    do {
      return try read()
    } catch TeacherProtocolError.missingColumn(let file, let column, let key, let known) {
      let own = key == "evidence.detail" ? "detail" : key
      throw TeacherProtocolError.missingColumn(file: file, column: column, key: "data.fields.\(own)", known: known)
    }
  }

  /// What to put behind "no record has a label" where a column is nearly spelt like one that would hold labels.
  fileprivate func columnHint(_ task: LabellingTask, _ rows: RowFile) -> String? {
    let wanted = task.kind == .spans ? (fields.spans == nil ? task.names : []) : [fields.label].compactMap(\.self)
    let others = rows.columns.filter { column in
      ![fields.id, fields.text, fields.detail, fields.group, fields.split].contains(column)
    }
    for name in wanted where !rows.columns.contains(name) {
      if let near = NearestName.nearest(to: name, among: others) {
        let key = task.kind == .spans ? "task.labels" : "data.fields.label"
        return ": there is no column '\(name)', which \(key) names; did you mean '\(near)'?"
      }
    }
    return nil
  }

  /// Which column means what; the longer text is the items' field `detail`.
  var mapping: FieldMapping {
    FieldMapping(
      id: ColumnList([fields.id]), text: fields.text, label: fields.label, spans: fields.spans, group: fields.group,
      split: fields.split,
      evidence: fields.detail.map { ["detail": $0] } ?? [:])
  }
}
