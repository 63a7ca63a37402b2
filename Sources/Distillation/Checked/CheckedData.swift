internal import ContentDigest
internal import DualChecker
internal import Foundation
internal import TeacherProtocol

/// The records of a run: the test split, the labelled pool, and the rest, which nobody has labelled.
struct CheckedData: Sendable {
  let task: LabellingTask
  /// With gold answers, the only ones that the method sees.
  let pool: [LabelledPool.Entry]
  let unlabelled: [Item]
  let test: [Item]
  /// Gold answers, each reading counted. For the pool, and for scores.
  let gold: GoldAnswers
  let setAside: [RowProblem]
  let key: String

  init(_ configuration: DualCheckerConfiguration) throws {
    task = try configuration.task.task()
    let file = URL(filePath: configuration.data.file)
    let fields = configuration.data.asTaskFields
    let data = try Dataset(contentsOf: file, mapping: fields.mapping)
    let gold = try GoldAnswers(contentsOf: file, task: task, fields: fields)
    self.gold = gold
    setAside = data.setAside + gold.setAside
    let items = configuration.data.limit.map { Array(data.items.prefix($0)) } ?? data.items
    // By a hash of the group and not by chance: the fold of a record does not depend on the other records, or on the seed.
    func place(_ item: Item) -> Int {
      Int(
        (UInt64(ContentDigest.of(fields: ["fold", item.group]).prefix(12), radix: 16) ?? 0)
          % UInt64(configuration.data.folds))
    }
    test = items.filter { place($0) == configuration.data.fold && gold.has($0.id) }
    let training = items.filter { place($0) != configuration.data.fold }
    guard !test.isEmpty, !training.isEmpty else {
      throw RunError.emptySplit(test.isEmpty ? "test" : "train", known: ["\(items.count) records in all"])
    }
    func order(_ name: String, _ item: Item) -> String {
      ContentDigest.of(fields: [name, "\(configuration.seed)", item.id])
    }
    let size = configuration.aligner.pool.labels(ofItems: training.count)
    let drawn = training.filter { gold.has($0.id) }.map { (order("pool", $0), $0) }.sorted { $0.0 < $1.0 }.prefix(size)
    pool = drawn.compactMap { _, item in gold.answer(of: item.id).map { .init(item: item, answer: $0) } }
    let taken = Set(pool.map(\.item.id))
    unlabelled = training.filter { !taken.contains($0.id) }.map { (order("loop", $0), $0) }.sorted { $0.0 < $1.0 }
      .map(\.1)
    key = try StepRecords.key(digest(of: file), configuration.data.json.replacing(configuration.data.file, with: ""))
  }

  /// The gold answers of items that have one; for scores and comparisons alone.
  func known(_ items: [Item]) -> [LabelledPool.Entry] {
    items.compactMap { item in gold.has(item.id) ? gold.answer(of: item.id).map { .init(item: item, answer: $0) } : nil
    }
  }
}

extension CheckedDataConfiguration {
  var asTaskFields: TaskFields {
    var task = TaskFields()
    task.id = ColumnList([fields.id])
    task.text = fields.text
    task.detail = fields.detail
    task.label = fields.label
    (task.group, task.spans) = (fields.group, fields.spans)
    return task
  }
}
