internal import ContentDigest
internal import DistillationConfiguration
internal import Foundation
internal import TeacherProtocol

extension RunData {
  /// The items that the run uses for anything, each once.
  var used: [Item] {
    var seen: Set<String> = []
    return (train + teaching + dev + test).filter { seen.insert($0.id).inserted }
  }

  /// Looks at the images of all items that the run uses: sets aside those of which one can't be read, and has those that are
  /// left belong to ``images``.
  ///
  /// - Throws: what ``setAside(_:strict:)`` throws.
  mutating func look(
    at files: inout ImageFiles, strict: Bool, tell: (_ done: Int, _ all: Int) -> Void = { _, _ in }
  ) throws {
    let sights = files.look(at: used.flatMap(paths), tell: tell)
    try setAside(sights.faults, strict: strict)
    let fields = used.filter { !$0.images.isEmpty }.sorted { $0.id < $1.id }.flatMap { item in
      [item.id]
        + paths(of: item).map { path in
          if case .sound(let digest)? = sights[path] { digest } else { "" }
        }
    }
    images = fields.isEmpty ? nil : ContentDigest.of(fields: fields)
  }

  /// Sets aside items with an image of which nothing can be had.
  ///
  /// - Parameters:
  ///   - faults: why, by the paths of the files.
  ///   - strict: whether the first is thrown.
  /// - Throws: `TeacherProtocolError.badRow` for the first item if `strict`, ``RunError/emptySplit(_:known:setAside:)`` where
  ///   none is left.
  mutating func setAside(_ faults: [String: String], strict: Bool) throws {
    try setAside(dataset.unreadableImages(faults, of: Set(used.map(\.id))), strict: strict)
  }

  /// Sets aside items that a student can't compare: those without an image, or with several.
  ///
  /// - Throws: as ``setAside(_:strict:)``.
  mutating func setAsideIncomparable(strict: Bool) throws {
    try setAside(dataset.withoutOneImage(of: Set(used.map(\.id))), strict: strict)
  }

  private mutating func setAside(_ problems: [RowProblem], strict: Bool) throws {
    guard let first = problems.first else { return }
    if strict { throw TeacherProtocolError.badRow(first) }
    let before = ["train": train, scored: test]
    leaveOut(problems)
    for (name, items) in ["train": train, scored: test] where items.isEmpty && before[name]?.isEmpty == false {
      throw RunError.emptySplit(name, known: dataset.splits, setAside: setAside)
    }
  }

  private func paths(of item: Item) -> [String] { item.images.map { dataset.imageURL($0).path } }
}

extension DistillationRun {
  /// Has the images of the data looked at, with a word on the progress where some are not known.
  ///
  /// - Parameter remembers: whether the sound ones are remembered for later starts.
  func lookAtImages(of data: inout RunData, remembers: Bool) throws {
    guard configuration.data.fields.image != nil else { return }
    var files = configuration.imageFiles
    files.remembers = remembers
    try lookingThroughImages { tell in
      try data.look(at: &files, strict: configuration.strict, tell: tell)
    }
  }

  /// Rows of a file without those of these items of which an image can't be read, and what is left of the items: before a
  /// teacher or the student is asked about any of them.
  ///
  /// - Parameter isPart: whether others show progress of which these rows are a part.
  /// - Throws: `TeacherProtocolError.badRow` for the first under `strict`.
  func readable(
    _ data: Dataset, _ items: [Item], _ images: inout ImageFiles, isPart: Bool = false
  ) throws -> (data: Dataset, items: [Item]) {
    let paths = items.flatMap(\.images).map { data.imageURL($0).path }
    guard !paths.isEmpty else { return (data, items) }
    let faults =
      isPart ? images.look(at: paths).faults : lookingThroughImages { images.look(at: paths, tell: $0) }.faults
    let problems = data.unreadableImages(faults, of: Set(items.map(\.id)))
    if configuration.strict, let first = problems.first { throw TeacherProtocolError.badRow(first) }
    let bad = Set(problems.compactMap(\.item))
    return (data.settingAside(problems), items.filter { !bad.contains($0.id) })
  }

  /// Shows progress where images are decoded that were not known.
  private func lookingThroughImages<Found>(
    _ look: ((_ done: Int, _ all: Int) -> Void) throws -> Found
  ) rethrows -> Found {
    var isBegun = false
    defer { if isBegun { reporter.finish() } }
    return try look { [reporter] done, all in
      if !isBegun { reporter.begin("looking through the images", total: all, unit: "images") }
      isBegun = true
      reporter.advance(to: done)
    }
  }
}

extension [String: ImageFiles.Sight] {
  /// Why files can't be read, by their paths.
  var faults: [String: String] {
    compactMapValues { if case .unreadable(let reason) = $0 { reason } else { nil } }
  }
}
