internal import TeacherProtocol
internal import DistillationConfiguration

extension RecordedTeacherConfiguration {
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
