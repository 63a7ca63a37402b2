package import Annotations
package import Foundation
package import TeacherProtocol
internal import Wording

#if Run
  internal import SQLiteStore
#endif

/// Figures about agreement from wherever replies are kept.
package enum AgreementSource {
  /// The figures of a file of replies, a run's folder or a store.
  ///
  /// A run's folder gives the figures of its training items, without accuracies: their true labels are read through the
  /// label source alone.
  ///
  /// - Parameters:
  ///   - place: JSON Lines, JSON or CSV; a folder with agreement.json; a store or the folder that holds it.
  ///   - idColumns: for a file: columns that together name an item; nil for `id` or `item`, whichever is there.
  ///   - goldColumn: for a file: the column of the true label; nil for `gold` if it is there.
  ///   - anchors: for a file or a store: a file with the columns `item` and `label`, filled in by people for items drawn at random.
  ///   - levels: for a file or a store: the labels from the lowest level to the highest, where they have an order.
  /// - Returns: the figures, and the rows that could not be used.
  /// - Throws: ``CheckingError``, `TeacherProtocolError`, `AnnotationsError`.
  package static func report(
    of place: URL, idColumns: [String]? = nil, goldColumn: String? = nil, anchors: URL? = nil,
    levels: [String]? = nil
  ) async throws -> (report: AgreementReport, setAside: [RowProblem]) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder) else {
      throw CheckingError.noReplies(place.relativePath, reason: "there is no such file or folder")
    }
    if isFolder.boolValue { return try await report(ofFolder: place, anchors: anchors, levels: levels) }
    if try isDataBase(place) { return try await report(ofDataBase: place, anchors: anchors, levels: levels) }
    var columns = RecordedReplies.Columns()
    columns.id = idColumns.map { ColumnList($0) }
    if let goldColumn {
      let table = try RowFile(contentsOf: place)
      guard table.rows.isEmpty || table.rows.contains(where: { $0.value(goldColumn) != nil }) else {
        throw TeacherProtocolError.missingColumn(
          file: table.file, column: goldColumn, key: "--gold", known: table.columns)
      }
    }
    return try AgreementReport.reading(
      place, columns: columns, goldColumn: goldColumn ?? "gold", anchors: anchors, levels: levels)
  }

  private static func report(
    ofFolder folder: URL, anchors: URL?, levels: [String]?
  ) async throws -> (report: AgreementReport, setAside: [RowProblem]) {
    let figures = folder.appending(path: "agreement.json")
    if FileManager.default.fileExists(atPath: figures.path) {
      guard anchors == nil else {
        throw CheckingError.noReplies(
          figures.relativePath,
          reason: "these are figures, and anchors are held against replies; give the store or a file of replies")
      }
      guard levels == nil else {
        throw CheckingError.noReplies(
          figures.relativePath,
          reason:
            "these are figures, with those of levels where the run says 'ordered: true'; give the store or a file of replies"
        )
      }
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      do {
        return (try decoder.decode(AgreementReport.self, from: Data(contentsOf: figures)), [])
      } catch {
        throw CheckingError.noReplies(figures.relativePath, reason: FaultText.sentence(for: error))
      }
    }
    for name in ["annotations.sqlite", "annotations.jsonl"] {
      let store = folder.appending(path: name)
      guard FileManager.default.fileExists(atPath: store.path) else { continue }
      return try await report(of: store, anchors: anchors, levels: levels)
    }
    let isRun = FileManager.default.fileExists(atPath: folder.appending(path: "config.yaml").path)
    throw CheckingError.noReplies(
      folder.relativePath,
      reason: isRun
        ? "the run has not come to its step agree" : "the folder has no agreement.json and no annotations.sqlite")
  }

  private static func isDataBase(_ file: URL) throws -> Bool {
    // Opening a pipe would wait for a writer.
    var facts = stat()
    guard stat(file.path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG,
      let handle = try? FileHandle(forReadingFrom: file)
    else { throw CheckingError.noReplies(file.relativePath, reason: "it is no file that can be read") }
    defer { try? handle.close() }
    // The first bytes of every SQLite 3 file: https://www.sqlite.org/fileformat.html
    return try handle.read(upToCount: 16) == Data("SQLite format 3\0".utf8)
  }

  /// The figures of a store's replies.
  ///
  /// - Parameter name: what the store is called in faults.
  package static func report(
    of store: any AnnotationStore, _ name: String, anchors: URL? = nil, levels: [String]? = nil
  ) async throws -> (report: AgreementReport, setAside: [RowProblem]) {
    let annotations = try await store.all()
    guard !annotations.isEmpty else { throw CheckingError.noReplies(name, reason: "the store is empty") }
    let table = VoteTable(annotations)
    let known = try anchors.map { try KnownLabels(contentsOf: $0, key: "--anchors", scope: .init(annotations)) }
    return (
      AgreementReport(table, anchors: known?.labels ?? [:], levels: try levels.map { try table.levels($0) }),
      known?.setAside ?? []
    )
  }

  private static func report(
    ofDataBase file: URL, anchors: URL?, levels: [String]?
  ) async throws -> (report: AgreementReport, setAside: [RowProblem]) {
    #if Run
      return try await report(
        of: SQLiteAnnotationStore(file), file.relativePath, anchors: anchors, levels: levels)
    #else
      throw CheckingError.noReplies(
        file.relativePath, reason: "stores in SQLite are read where the package was built with the trait Run")
    #endif
  }
}
