internal import Foundation
internal import DistillationConfiguration

extension RunConfiguration {
  /// The configuration of a run in this folder with `data.pixels` said: what is given; else what the folder's record says;
  /// else the default.
  ///
  /// A record without the key was written before there was one, when images were read as they are stored. What such a run
  /// has computed is not computed again with other pixels, so it goes on as it began.
  func sayingPixels(in folder: URL) -> RunConfiguration {
    guard data.pixels == nil, data.fields.image != nil else { return self }
    var copy = self
    copy.data.pixels = Self.recordedPixels(in: folder) ?? PixelConfiguration()
    return copy
  }

  private static func recordedPixels(in folder: URL) -> PixelConfiguration? {
    let record = folder.appending(path: "config.yaml")
    guard let run = try? RunConfiguration(contentsOf: record) else { return nil }
    // Without a finished step nothing has been computed that could differ.
    let hasSteps = FileManager.default.fileExists(atPath: folder.appending(path: "steps").path)
    return run.data.pixels ?? (hasSteps ? .stored : nil)
  }
}

extension DataConfiguration {
  /// How images become pixels.
  var readPixels: PixelConfiguration { pixels ?? PixelConfiguration() }

  /// The section as JSON, for keys of steps: as versions wrote it that had no key for pixels, where images are read as
  /// those read them.
  var keyed: String {
    var copy = self
    if copy.pixels == .stored { copy.pixels = nil }
    copy.outsideImages = nil
    return copy.json
  }
}
