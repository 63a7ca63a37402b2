internal import ContentDigest
internal import DistillationConfiguration
internal import Foundation
internal import TeacherProtocol
internal import Wording

/// The images that a base is pre-trained on, each read once before anything is made of them.
extension DistillationRun {
  /// The rows of the captions' file, without those whose image can't be read, which are told.
  ///
  /// - Throws: `TeacherProtocolError`: of the file, for the first such image under `strict`, and where no row is left.
  func captionRows(_ pretrain: PretrainConfiguration) throws -> [CaptionFile.Row] {
    let file = try captionFile(pretrain)
    if let listed = file.setAside.listed { reporter.message(listed) }
    let faults = look(at: file.rows, pretrain).faults
    let bad = file.rows.compactMap { row in
      faults[imagePath(row, pretrain)].map { (path: imagePath(row, pretrain), reason: $0) }
    }
    guard let first = bad.first else { return file.rows }
    if configuration.strict { throw TeacherProtocolError.badImage(file: first.path, reason: first.reason) }
    reporter.message(
      "\(NumberText.counted(bad.count, "row")) of \(pretrain.captions) can't be used, the first: \(first.path): \(first.reason)"
    )
    let rows = file.rows.filter { faults[imagePath($0, pretrain)] == nil }
    if rows.isEmpty { throw TeacherProtocolError.noRows(file: pretrain.captions, problems: file.setAside) }
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

  private func captionFile(_ pretrain: PretrainConfiguration) throws -> CaptionFile {
    try CaptionFile(
      contentsOf: URL(filePath: pretrain.captions), image: pretrain.fields.image, text: pretrain.fields.text,
      where: pretrain.rowsWhere, strict: configuration.strict)
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
