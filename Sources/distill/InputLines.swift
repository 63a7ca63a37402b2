#if Run
  import Foundation
  import Tokenization

  /// Lines of standard input, in blocks as they come: a pipe is answered while it is being written.
  enum InputLines {
    /// Calls the closure with some lines at a time, and with the number of the first of them.
    ///
    /// - Throws: what the closure throws, or `TokenizerError.fileFailure` where the input can't be read.
    static func forEachBlock(_ body: (_ lines: [String], _ first: Int) throws -> Void) throws {
      var splitter = LineSplitter()
      var first = 1
      func take(_ lines: [String]) throws {
        guard !lines.isEmpty else { return }
        try body(lines, first)
        first += lines.count
      }
      var block = [UInt8](repeating: 0, count: 1 << 20)
      while true {
        let count = block.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else {
          throw TokenizerError.fileFailure(file: "standard input", reason: String(cString: strerror(errno)))
        }
        guard count > 0 else { break }
        try take(splitter.lines(in: block[..<count]))
      }
      if let line = splitter.last() { try take([line]) }
    }
  }
#endif
