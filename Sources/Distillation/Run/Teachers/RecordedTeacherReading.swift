internal import Foundation
internal import TeacherProtocol
internal import DistillationConfiguration

extension RecordedTeacherConfiguration {
  /// The replies of the teacher of this name in the run, read once a file for all teachers in it.
  ///
  /// - Parameter files: what was read so far.
  /// - Throws: `TeacherProtocolError`, with the column's key in the configuration where one is missing.
  func replies(
    of teacher: String, labels: LabelSet, from files: inout [String: RecordedReplies]
  ) throws -> RecordedReplies {
    var key = file + "\(columns)"
    if let known = files[key], !known.isOwned { return known }
    let owner = recordedName ?? teacher
    let read = try namingColumns(of: teacher) {
      let read = try RecordedReplies(
        contentsOf: URL(filePath: file), labels: labels, columns: columns.asRecorded(owner: owner))
      guard !read.id.columns.isEmpty else {
        throw TeacherProtocolError.missingColumn(file: read.file, column: columns.id, key: "id", known: [])
      }
      return read
    }
    if read.isOwned { key += " " + owner }
    files[key] = read
    return read
  }

  /// Reads the replies, or takes a teacher from them; a column that is missing is named by its key in the configuration.
  ///
  /// - Parameter teacher: the teacher's name in the run.
  /// - Throws: what `body` throws, `TeacherProtocolError.missingColumn` with a key such as `teachers.a.columns.label`.
  func namingColumns<Result>(of teacher: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch TeacherProtocolError.missingColumn(let file, let column, let key, let known) {
      throw TeacherProtocolError.missingColumn(
        file: file, column: column, key: "teachers.\(teacher).columns.\(key)", known: known)
    }
  }
}

extension RecordedTeacherConfiguration.Columns {
  /// The words side's form.
  ///
  /// - Parameter owner: whose the replies are where no column says so.
  fileprivate func asRecorded(owner: String) -> RecordedReplies.Columns {
    var columns = RecordedReplies.Columns()
    // The default stands for `item` too.
    columns.id = id == Self.blank.id ? nil : ColumnList([id])
    columns.teacher = teacher ?? ""
    columns.owner = owner
    columns.teachers = teachers
    columns.label = label
    columns.reply = reply
    columns.rationale = rationale
    columns.confidence = confidence
    return columns
  }
}
