import Foundation
internal import ContentDigest
internal import TeacherProtocol

/// When a question is asked again, and how long is waited before.
///
/// What the server asks for is kept, in the order of OpenAI's own clients: `x-should-retry`, then `retry-after-ms`, then
/// `retry-after` in seconds or as a date; else the wait doubles from half a second to eight, less up to a quarter, so that
/// questions that failed together do not come back together. A server that asks for more than `longestAsked` seconds is left
/// alone altogether: asking on would be refused again and again.
public struct RetryPolicy: Sendable, Equatable {
  /// Most attempts at a question that meets faults, the first included. The default is 3.
  public var attempts = ServiceDefaults.attempts
  /// Most attempts at a question that the server has no room for (429, 529): such a server works, and only wants us to be
  /// slower. The default is 20.
  package var throttledAttempts: Int = 20
  /// Seconds before the second attempt, where the server asks for none; doubled for each one after. The default is 0.5.
  public var firstWait: Double = 0.5
  /// Longest such wait in seconds. The default is 8.
  public var longestWait: Double = 8
  /// Longest wait in seconds that a server may ask for and is kept. The default is 600.
  package var longestAsked: Double = 600
  /// Longest time in seconds for which one request is held back by what a server says is left. The default is 120.
  package var longestHeld: Double = 120

  /// The defaults.
  public init() {}

  /// Seconds to wait after an attempt.
  ///
  /// - Parameters:
  ///   - attempt: the one that failed, from 1.
  ///   - asked: seconds that the server asked for.
  ///   - item: id of the item, which settles the random part: the same run waits the same.
  func wait(after attempt: Int, asked: Double?, item: String) -> Double {
    if let asked { return asked }
    let whole = min(firstWait * pow(2, Double(min(attempt, 32) - 1)), longestWait)
    let hash = FNV1a.hash("\(item)#\(attempt)")
    return whole * (1 - 0.25 * Double(hash >> 11) / Double(1 << 53 as UInt64))
  }

  /// Seconds that a response asks to wait, up to a month; nil where it asks for none, or for what nobody means.
  func wait(in response: TransportResponse, now: Date) -> Double? {
    guard let asked = Self.asked(in: response, now: now), asked > 0, asked <= 31 * 86400 else { return nil }
    return asked
  }

  private static func asked(in response: TransportResponse, now: Date) -> Double? {
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
