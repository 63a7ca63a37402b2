internal import Foundation

/// How progress is shown.
public enum ProgressStyle: Sendable, Equatable {
  /// One line that is written over and over, cut to the number of columns.
  case line(columns: Int)
  /// Whole lines, at most one in so many seconds: for log files and pipes.
  case plain(every: Double)
  /// Warnings alone: what was lost or left out.
  case warnings
  /// Nothing at all.
  case silent

  /// Whether there is progress to be seen.
  var showsProgress: Bool { self != .warnings && self != .silent }

  /// A line where standard error is a terminal, else a plain line every 30 seconds.
  public static func automatic() -> ProgressStyle {
    let environment = ProcessInfo.processInfo.environment
    guard isatty(STDERR_FILENO) == 1, environment["TERM"] != "dumb" else { return .plain(every: 30) }
    return .line(columns: terminalColumns() ?? environment["COLUMNS"].flatMap(Int.init) ?? 80)
  }

  private static func terminalColumns() -> Int? {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }
}
