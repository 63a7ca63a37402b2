import Foundation

/// When a question is asked again, and how long is waited before.
public struct RetryPolicy: Sendable, Equatable {
  /// Most attempts, the first included. The default is 6.
  public var attempts: Int = 6
  /// Seconds before the second attempt; doubled for each one after. The default is 1.
  public var firstWait: Double = 1
  /// Longest wait in seconds, also where the server asks for more. The default is 60.
  public var longestWait: Double = 60

  /// The defaults.
  public init() {}

  /// Whether a status may go away by itself: 408, 409, 429 and 500 to 599.
  static func isTransient(_ status: Int) -> Bool { [408, 409, 429].contains(status) || (500...599).contains(status) }

  /// Seconds to wait after an attempt.
  ///
  /// What the server asks for is kept to. Otherwise the wait doubles, and half of it is spread by the item's id, so that
  /// questions that failed together do not come back together; by the id and not by chance, so a run can be repeated.
  ///
  /// - Parameters:
  ///   - attempt: attempts made so far, from 1.
  ///   - asked: seconds that the server asked for.
  ///   - item: id of the item.
  func wait(after attempt: Int, asked: Double?, item: String) -> Double {
    if let asked { return min(max(asked, 0), longestWait) }
    let whole = min(firstWait * pow(2, Double(attempt - 1)), longestWait)
    let hash = "\(item)#\(attempt)".utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01b3
    }
    return whole / 2 + whole / 2 * Double(hash >> 11) / Double(1 << 53 as UInt64)
  }

  /// Seconds that a response asks to wait: `retry-after-ms`, or `retry-after` in seconds or as an HTTP date.
  static func wait(in response: TransportResponse, now: Date) -> Double? {
    if let text = response.headers["retry-after-ms"], let milliseconds = Double(text), milliseconds.isFinite {
      return milliseconds / 1000
    }
    guard let text = response.headers["retry-after"]?.trimmingCharacters(in: .whitespaces) else { return nil }
    if let seconds = Double(text) { return seconds.isFinite ? seconds : nil }
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(secondsFromGMT: 0)
    // The three forms of RFC 9110, section 5.6.7.
    for pattern in ["EEE, dd MMM yyyy HH:mm:ss 'GMT'", "EEEE, dd-MMM-yy HH:mm:ss 'GMT'", "EEE MMM d HH:mm:ss yyyy"] {
      format.dateFormat = pattern
      if let date = format.date(from: text) { return date.timeIntervalSince(now) }
    }
    return nil
  }
}
