package import Foundation
package import TeacherProtocol

/// Reads replies out of the files that ``AnnotationExport`` writes, and out of those of other tools.
///
/// ```swift
/// let found = try AnnotationImport(labels: .outOfContext, teacher: "gpt").replies(in: file)
/// try await store.append(found.annotations)
/// ```
///
/// An item has the id of its row, and a name by its question where the row has none: the same question is the same item in
/// every file and of every teacher. ``ImportedReplies/otherQuestions(than:)`` tells of ids that mean different things.
///
/// A row with our metadata comes back as it was. Of another row the texts are read as answers of the teacher that is named
/// here, under a key of their own: they are kept and exported again, and no question is ever answered from them. Completed
/// tasks of Label Studio become replies of "person N", N being who completed them. What each row is, its members say: see
/// ``RowShape``. A row of which no answer can be read is set aside with the reason.
package struct AnnotationImport: Sendable {
  /// The form that rows must have; nil, the default, takes every form that is known.
  package var format: AnnotationFormat?
  /// The labels that other tools' answers are read with; nil sets rows without our metadata aside.
  package var labels: LabelSet?
  /// The teacher of other tools' answers. The default is `imported`.
  package var teacher: String
  /// The control of Label Studio that holds the label. The default is nil: the one named `label`, or else the only one whose
  /// choices are labels throughout the file.
  package var control: String?

  package init(
    _ format: AnnotationFormat? = nil, labels: LabelSet? = nil, teacher: String = "imported", control: String? = nil
  ) {
    self.format = format
    self.labels = labels
    self.teacher = teacher
    self.control = control
  }

  /// The replies in a file, and the rows that can't be used.
  ///
  /// - Throws: `TeacherProtocolError` where the file can't be read.
  package func replies(in url: URL) throws -> ImportedReplies {
    var limits = ReadLimits()
    // Replies of ten megabytes have been seen.
    limits.fieldBytes = 64 << 20
    let table = try RowFile(contentsOf: url, limits: limits)
    let controls = LabelStudioControls(table.rows.map(\.value), labels: labels, named: control)
    let reader = ExchangeRowReader(
      labels: labels, teacher: teacher, controls: controls,
      names: QuestionName(folder: url.deletingLastPathComponent()))
    var found = ImportedReplies(setAside: table.problems)
    var seen: Set<String> = []
    for row in table.rows {
      func note(_ fault: RowFault) {
        found.setAside.append(
          RowProblem(
            file: url.relativePath, line: row.line, row: row.number, field: fault.field, expected: fault.expected,
            found: fault.found))
      }
      do throws(RowFault) {
        let shape = try RowShape(of: row.value)
        if let format, shape.format != format {
          throw RowFault(expected: "a row of the form \(format.rawValue)", found: shape.name)
        }
        let (annotations, faults) = try reader.annotations(in: row.value, shape: shape)
        faults.forEach(note)
        guard !annotations.isEmpty else { continue }
        found.rows.append(.init(line: row.line, shape: shape, annotations: annotations))
        found.annotations += annotations.filter { seen.insert($0.key).inserted }
      } catch {
        note(error)
      }
    }
    found.setAside.sort()
    return found
  }
}

/// The result of an import: replies, the rows they were read from, and the rows of which nothing could be read.
package struct ImportedReplies: Sendable {
  /// A row and what was read of it.
  package struct Row: Sendable, Equatable {
    /// Its line, counted from 1.
    package var line: Int
    /// What its members say it is.
    package var shape: RowShape
    /// The replies in it, at least one.
    package var annotations: [Annotation]
  }

  /// The replies, each key once.
  package var annotations: [Annotation] = []
  /// The rows with replies, in the order of the file.
  package var rows: [Row] = []
  /// Rows and answers that could not be read, in the order of the file.
  package var setAside: [RowProblem]

  init(setAside: [RowProblem]) { self.setAside = setAside }

  /// What was read, for a person to look at before it is kept: how many rows of each shape, the first row of each, and
  /// further ones up to three in all.
  package var preview: String {
    var shapes: [RowShape] = []
    for row in rows where !shapes.contains(row.shape) { shapes.append(row.shape) }
    let firsts = Set(shapes.compactMap { shape in rows.firstIndex { $0.shape == shape } })
    let others = rows.indices.lazy.filter { !firsts.contains($0) }.prefix(max(0, 3 - firsts.count))
    let counts = shapes.map { shape in "\(rows.count { $0.shape == shape }) x \(shape.name)" }
    return
      (["\(rows.count) \(rows.count == 1 ? "row" : "rows") read: \(counts.joined(separator: ", "))"]
      + firsts.union(others).sorted().flatMap { Self.lines(rows[$0]) }).joined(separator: "\n")
  }

  private static func lines(_ row: Row) -> [String] {
    func short(_ text: String) -> String {
      let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
      return line.count > 60 ? "\(line.prefix(60))..." : line
    }
    return row.annotations.map { one in
      let label = one.reply.label ?? one.reply.outcome.fault.map { "no label (\(short($0)))" } ?? "no answer"
      let rationale = one.reply.rationale.isEmpty ? "" : ", since \"\(short(one.reply.rationale))\""
      return "  line \(row.line), \(row.shape.name): item \(one.item), \(one.teacher): \(label)\(rationale)"
    }
  }
}

/// Why nothing can be read of a row.
struct RowFault: Error {
  var field: String?
  let expected: String
  let found: String
}
