internal import ConfigurationFiles
internal import ContentDigest
internal import DistillationConfiguration
internal import Foundation
internal import StudentModels
internal import TeacherProtocol
internal import Wording

/// The images that a base is pre-trained on, each read once before anything is made of them.
extension DistillationRun {
  /// The rows of the captions' file, without those whose image can't be read, which are told.
  ///
  /// - Throws: `TeacherProtocolError`: of the file, for the first such image under `strict`, and where no row is left.
  func captionRows(_ pretrain: PretrainConfiguration) throws -> [CaptionFile.Row] {
    let file = try captionFile(pretrain)
    if let listed = file.setAside.listed { reporter.warn(listed) }
    let faults = look(at: file.rows, pretrain).faults
    let bad = file.rows.compactMap { row in
      faults[imagePath(row, pretrain)].map { (path: imagePath(row, pretrain), reason: $0) }
    }
    guard let first = bad.first else {
      try pretrain.demandPhotos(file.rows.count)
      return file.rows
    }
    if configuration.strict { throw TeacherProtocolError.badImage(file: first.path, reason: first.reason) }
    reporter.warn(
      "\(NumberText.counted(bad.count, "row")) of \(pretrain.captions) can't be used, the first: \(first.path): \(first.reason)"
    )
    let rows = file.rows.filter { faults[imagePath($0, pretrain)] == nil }
    if rows.isEmpty { throw TeacherProtocolError.noRows(file: pretrain.captions, problems: file.setAside) }
    try pretrain.demandPhotos(rows.count)
    return rows
  }

  /// A digest of the images that captions are about; empty without captions, and where the run's rules don't count it.
  func captionImagesKey() throws -> String {
    guard let pretrain = configuration.pretrain, try RunRules(of: folder).images == .byContent else { return "" }
    let rows = try captionFile(pretrain).rows
    let sights = look(at: rows, pretrain)
    return ContentDigest.of(
      fields: rows.flatMap { row -> [String] in
        guard case .sound(let digest)? = sights[imagePath(row, pretrain)] else { return [row.image, ""] }
        return [row.image, digest]
      })
  }

  /// What a student makes of each row's captions, without those that it can't take, which are told.
  ///
  /// - Parameter take: one caption, and the place of its row.
  /// - Returns: the places of the rows that have a caption left, with what was made of each.
  /// - Throws: `TeacherProtocolError`: for the first such caption under `strict`, and where no row is left.
  func taken<Result>(
    _ rows: [CaptionFile.Row], _ pretrain: PretrainConfiguration,
    _ take: (_ caption: String, _ place: Int) throws -> Result
  ) throws -> [(place: Int, results: [Result])] {
    var problems: [RowProblem] = []
    let taken = try rows.enumerated().compactMap { place, row -> (place: Int, results: [Result])? in
      let results = try row.captions.compactMap { caption -> Result? in
        do { return try take(caption, place) } catch let error as StudentError {
          problems.append(RowProblem(refusing: caption, of: row, pretrain, for: error))
          return nil
        }
      }
      return results.isEmpty ? nil : (place, results)
    }
    problems.sort()
    if configuration.strict, let first = problems.first { throw TeacherProtocolError.badRow(first) }
    if taken.isEmpty { throw TeacherProtocolError.noRows(file: pretrain.captions, problems: problems) }
    if let listed = problems.listed { reporter.warn(listed) }
    try pretrain.demandPhotos(taken.count)
    return taken
  }

  private func captionFile(_ pretrain: PretrainConfiguration) throws -> CaptionFile {
    try CaptionFile(pretrain, strict: configuration.strict)
  }

  private func look(at rows: [CaptionFile.Row], _ pretrain: PretrainConfiguration) -> [String: ImageFiles.Sight] {
    var files = configuration.imageFiles
    return files.look(at: rows.map { imagePath($0, pretrain) })
  }

  private func imagePath(_ row: CaptionFile.Row, _ pretrain: PretrainConfiguration) -> String {
    let data = configuration.data
    let beside = data.filesByKey.first.map { URL(filePath: $0.path).deletingLastPathComponent() }
    let folder = (pretrain.images ?? data.images).map { URL(filePath: $0) } ?? beside ?? folder
    return ImageReference.url(of: row.image, in: folder).path
  }
}

extension RowProblem {
  /// A caption that a student can't take, and why.
  init(refusing caption: String, of row: CaptionFile.Row, _ pretrain: PretrainConfiguration, for error: any Error) {
    let text = "'\(caption.excerpt(60))'"
    let (expected, found): (String, String) =
      if case StudentError.tooLong(let tokens, let limit, _) = error {
        ("at most \(limit) tokens, which is what the model takes", "\(tokens): \(text)")
      } else {
        ("a caption that the student can take", "\(text): \(FaultText.sentence(for: error))")
      }
    self.init(
      file: pretrain.captions, line: row.line, item: row.image, field: pretrain.fields.text, expected: expected,
      found: found)
  }
}

extension PretrainConfiguration {
  /// Refuses a single photo where captions are to be told from those of others.
  func demandPhotos(_ count: Int) throws(ConfigurationError) {
    guard count < 2, let telling = objective.first(where: { $0 == .contrastive || $0 == .matching }) else { return }
    throw ConfigurationError(
      file: nil,
      problems: [
        ConfigurationProblem(
          section: "pretrain", key: "captions",
          reason: .unexpectedValue(
            expected: "at least two photos, since pretrain.objective has \(telling.rawValue), which tells the captions "
              + "of one from those of others", found: "\(count) in \(captions)", nearest: nil))
      ])
  }
}

extension CaptionFile {
  /// Reads the file that a base is pre-trained on.
  init(_ pretrain: PretrainConfiguration, strict: Bool) throws(TeacherProtocolError) {
    try self.init(
      contentsOf: URL(filePath: pretrain.captions), image: pretrain.fields.image, text: pretrain.fields.text,
      where: pretrain.rowsWhere, strict: strict)
  }
}
