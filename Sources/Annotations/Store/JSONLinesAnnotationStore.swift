public import Foundation
public import TeacherProtocol

/// A store that is one readable file: a JSON object per annotation and line, appended to and never rewritten.
///
/// ```swift
/// let store = try JSONLinesAnnotationStore(URL(fileURLWithPath: "replies.jsonl"))
/// try await store.append([annotation])
/// ```
///
/// A file that may only be read, as in an archive, is opened for reading: ``isReadOnly``. Several processes may use it at once; a lock on the file orders their appends. All annotations are held in memory: for
/// hundreds of thousands take the SQLite store. A damaged line is listed in ``problems`` and passed over.
public actor JSONLinesAnnotationStore: AnnotationStore {
  /// Whether the file may only be read.
  public nonisolated let isReadOnly: Bool
  private let lines: LineFile
  private var byKey: [String: Annotation] = [:]
  private var keys: [String] = []
  private var damaged: [RowProblem] = []
  private let encoder = JSONEncoder()
  private let decoder = JSONDecoder()

  /// Opens or makes a store.
  ///
  /// - Parameters:
  ///   - url: the file; its folder is made too.
  ///   - isDurable: whether every append waits until the disk has it, which protects from power loss as well as from
  ///     crashes. The default is true.
  /// - Throws: ``AnnotationsError/cannotOpen(file:reason:)``.
  public init(_ url: URL, isDurable: Bool = true) throws(AnnotationsError) {
    try refuseFolder(url)
    self.init(try LineFile(url, isDurable: isDurable))
  }

  /// A store over a file that is open.
  package init(_ lines: sending LineFile) {
    isReadOnly = lines.isReadOnly
    self.lines = lines
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  }

  /// Damaged or torn lines met so far.
  public var problems: [RowProblem] { damaged + lines.problems }

  /// Keeps annotations whose keys are new.
  public func append(_ annotations: [Annotation]) async throws {
    guard !annotations.isEmpty else { return }
    try await locked {
      var seen: Set<String> = []
      let fresh = annotations.filter { byKey[$0.key] == nil && seen.insert($0.key).inserted }
      try lines.append(try fresh.map { String(decoding: try encoder.encode($0), as: UTF8.self) })
      // Read back and not kept from memory: what is returned later is what is on the disk.
      try refresh()
    }
  }

  /// The annotations with these keys.
  public func annotations(forKeys keys: [String]) async throws -> [String: Annotation] {
    try await locked {
      var found: [String: Annotation] = [:]
      for key in keys { found[key] = byKey[key] }
      return found
    }
  }

  /// The annotations of these items, or of all, in the order of the file.
  public func annotations(forItems items: [String]?) async throws -> [Annotation] {
    try await locked {
      let wanted = items.map(Set.init)
      return keys.compactMap { byKey[$0] }.filter { wanted?.contains($0.item) ?? true }
    }
  }

  private func locked<Result>(_ body: () throws -> Result) async throws -> Result {
    try await FileLock.holding(lines.descriptor, file: lines.file) {
      try refresh()
      return try body()
    }
  }

  private func refresh() throws {
    _ = try lines.newLines { number, bytes in
      do {
        let annotation = try decoder.decode(Annotation.self, from: bytes)
        guard byKey[annotation.key] == nil else { return }
        byKey[annotation.key] = annotation
        keys.append(annotation.key)
      } catch {
        damaged.append(
          RowProblem(file: lines.file, line: number, expected: "an annotation", found: Self.words(error)))
      }
    }
  }

  private static func words(_ error: any Error) -> String {
    switch error as? DecodingError {
    case .keyNotFound(let key, _): "no '\(key.stringValue)'"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      "an unfit value in '\(context.codingPath.map(\.stringValue).joined(separator: "."))'"
    case .dataCorrupted(let context): context.debugDescription
    default: "\(error)"
    }
  }
}
