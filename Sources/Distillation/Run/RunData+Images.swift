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
    let problems = dataset.unreadableImages(faults, of: Set(used.map(\.id)))
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
    var isBegun = false
    try data.look(at: &files, strict: configuration.strict) { [reporter] done, all in
      if !isBegun { reporter.begin("looking through the images", total: all, unit: "images") }
      isBegun = true
      reporter.advance(to: done)
    }
    if isBegun { reporter.finish() }
  }
}

extension [String: ImageFiles.Sight] {
  /// Why files can't be read, by their paths.
  var faults: [String: String] {
    compactMapValues { if case .unreadable(let reason) = $0 { reason } else { nil } }
  }
}
