#if Run
  import ArgumentParser
  import Distillation
  import Foundation

  /// Where the command writes: results to standard output, everything else to standard error.
  enum Output {
    /// Standard output that takes nothing.
    struct Fault: Error, CustomStringConvertible {
      /// Why.
      let reason: String
      var description: String {
        "standard output can't be written to: \(reason). Give it another file or program, and start again: what a run has "
          + "done is kept."
      }
    }

    /// A result.
    ///
    /// Another program gets its bytes as they are; a terminal is commanded by none of them.
    static func write(_ text: String) throws {
      let shown = isatty(STDOUT_FILENO) == 1 ? ShownText.safe(text) : text
      try write(Data((shown.hasSuffix("\n") ? shown : shown + "\n").utf8))
    }

    /// A word to the person, beside the result. Where nobody can hear it nothing depends on it.
    ///
    /// - Parameter fromAnyRank: whether it is said although another process speaks for this one.
    static func error(_ text: String, fromAnyRank: Bool = false) {
      guard fromAnyRank || !RankedProcess.isSilent else { return }
      let shown = ShownText.safe(text)
      try? StandardStream.error.write(Data((shown.hasSuffix("\n") ? shown : shown + "\n").utf8))
    }

    /// What could not be used: how much, and the first of it, a line each.
    static func error(listing reasons: [String], as heading: String) {
      var listing = Listing()
      for reason in reasons { listing.add(reason) }
      error(listing: listing, as: heading)
    }

    /// The same of what was counted as it came.
    static func error(listing reasons: Listing, as heading: String) {
      error(([heading + ":"] + reasons.lines).joined(separator: "\n"))
    }

    /// A result, in bytes.
    static func write(_ data: Data) throws {
      guard !RankedProcess.isSilent else { return }
      do { try StandardStream.output.write(data) } catch { throw Fault(reason: "\(error)") }
    }

    /// A result into a file that is whole or not there, or to standard output.
    static func write(_ data: Data, to path: String?) throws {
      guard let path, path != "-" else { return try write(data) }
      let url = URL(filePath: path)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try data.write(to: url, options: .atomic)
    }

    /// Refuses to replace a file that the same command reads, by whatever name, or that is a run's own.
    static func refuse(_ path: String?, over inputs: String?...) throws { try refuse(path, over: UsedFiles(inputs)) }

    /// The same of all that a command uses.
    ///
    /// - Parameter isConfiguration: whether the result is a configuration, which may take the place of one.
    static func refuse(_ path: String?, over used: UsedFiles, isConfiguration: Bool = false) throws {
      guard let path, path != "-", let obstacle = used.obstacle(at: path, isConfiguration: isConfiguration) else {
        return
      }
      throw ValidationError("\(path) \(obstacle); give another file.")
    }

    /// Refuses to replace a file that is there, of a result that can't be had again.
    static func refuseReplacing(_ path: String) throws {
      var facts = stat()
      // Devices, pipes and empty files lose nothing.
      guard stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, facts.st_size > 0 else { return }
      throw ValidationError("\(path) is there already and would be replaced; give another file.")
    }

    /// Refuses, before any work is done, a standard output of which is known that it takes nothing.
    static func check() throws {
      if let reason = StandardStream.output.obstacle { throw Fault(reason: reason) }
    }
  }
#endif
