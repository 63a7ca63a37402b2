#if Run
  import Foundation

  /// Where the command writes: results to standard output, everything else to standard error.
  enum Output {
    /// A result.
    static func write(_ text: String) {
      FileHandle.standardOutput.write(Data((text.hasSuffix("\n") ? text : text + "\n").utf8))
    }

    /// A word to the person, beside the result.
    static func error(_ text: String) {
      FileHandle.standardError.write(Data((text.hasSuffix("\n") ? text : text + "\n").utf8))
    }

    /// What could not be used: how much, and the first of it, a line each.
    static func error(listing reasons: [String], as heading: String) {
      let more = reasons.count > 8 ? ["  and \(reasons.count - 8) more"] : []
      error(([heading + ":"] + reasons.prefix(8).map { "  \($0)" } + more).joined(separator: "\n"))
    }

    /// A result into a file that is whole or not there, or to standard output.
    static func write(_ data: Data, to path: String?) throws {
      guard let path, path != "-" else { return FileHandle.standardOutput.write(data) }
      let url = URL(filePath: path)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try data.write(to: url, options: .atomic)
    }
  }
#endif
