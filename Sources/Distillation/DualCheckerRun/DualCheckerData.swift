internal import ContentDigest
internal import DualChecker
internal import Foundation
internal import TeacherProtocol
internal import DistillationConfiguration

/// The records of a run as they are divided before a label is looked at: the test split and the rest.
struct DualCheckerRecords: Sendable {
  let task: LabellingTask
  let training: [Item]
  let test: [Item]
  /// Gold answers, each reading counted. For the pool, and for scores.
  let gold: GoldAnswers<TaskAnswer>
  let setAside: [RowProblem]
  let key: String
  /// Records of the labelled pool.
  let poolSize: Int

  /// - Parameter rows: the order of the records.
  init(_ configuration: DualCheckerConfiguration, rows: RowOrder) throws {
    task = try configuration.task.task()
    let file = URL(filePath: configuration.data.file)
    let mapping = configuration.data.mapping
    let data = try Dataset(contentsOf: file, mapping: mapping)
    let gold = try GoldAnswers(contentsOf: file, task: task, mapping: mapping)
    self.gold = gold
    setAside = data.setAside + gold.setAside
    // The first rows of a file are meant as such, so a limit comes before the order.
    let items = rows.ordered(configuration.data.limit.map { Array(data.items.prefix($0)) } ?? data.items)
    // By a hash of the group and not by chance: the fold of a record does not depend on the other records, or on the seed.
    func place(_ item: Item) -> Int {
      Int(
        (UInt64(ContentDigest.of(fields: ["fold", item.group]).prefix(12), radix: 16) ?? 0)
          % UInt64(configuration.data.folds))
    }
    test = items.filter { place($0) == configuration.data.fold && gold.has($0.id) }
    training = items.filter { place($0) != configuration.data.fold }
    guard !test.isEmpty, !training.isEmpty else {
      throw RunError.emptySplit(
        test.isEmpty ? "test" : "train", known: ["\(items.count) records in all"], setAside: setAside)
    }
    poolSize = min(configuration.aligner.pool.labels(ofItems: training.count), training.count { gold.has($0.id) })
    key = try StepRecords.key(digest(of: file), configuration.data.json.replacing(configuration.data.file, with: ""))
  }
}

/// The records of a run: the test split, the labelled pool, and the rest, whose gold labels the method does not read.
struct DualCheckerData: Sendable {
  let task: LabellingTask
  /// With gold answers, the only ones that the method sees.
  let pool: [LabelledPool.Entry]
  let unlabelled: [Item]
  let test: [Item]
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
    (task, test, self.gold) = (records.task, records.test, gold)
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
  /// Which column means what; the longer text is the items' field `detail`.
  var mapping: FieldMapping {
    FieldMapping(
      id: ColumnList([fields.id]), text: fields.text, label: fields.label, spans: fields.spans, group: fields.group,
      evidence: fields.detail.map { ["detail": $0] } ?? [:])
  }
}
