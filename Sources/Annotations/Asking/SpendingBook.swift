package import Foundation
import TeacherProtocol

/// What was spent, in a file that outlives the process: a line before a question is asked, one for each further request, and
/// one with what it cost.
///
///     4f1c09aa 17 gpt asked 1 213 400 0.0045
///     4f1c09aa 17 gpt paid 1 198 64 0.0011
///
/// The start that wrote it, the question's number, the teacher, and requests, tokens of questions and answers, and cost. A
/// question without a last line was under way when its process ended, and counts as estimated: what may have been spent is
/// not forgotten. A question that went with a batch has the word `batch` and its key in place of the start and the number, and its
/// last line from the process that reads the result. Several processes may share a file; each sees what the others spend.
///
/// It is not the store: a reply may be booked and not kept, when the process ended between the two, and never the other way.
package final class SpendingBook: Sendable {
  private enum Kind: String { case asked, again, paid }

  private struct State {
    var offset = 0
    var line = 0
    var others = Spending()
    /// Questions of others that are under way or were when they ended.
    var open: [String: Spending] = [:]
  }

  /// What was spent before this start, by the teachers that count.
  package let before: Spending
  private let file: String
  private let descriptor: Int32
  private let start = String(UInt32.random(in: 0...UInt32.max), radix: 16)
  private let isDurable: Bool
  private let teachers: Set<String>?
  private let state: Locked<State>

  /// Opens or makes a book.
  ///
  /// - Parameters:
  ///   - teachers: whose spending counts; nil for everybody's.
  ///   - isDurable: whether every line waits until the disk has it.
  /// - Throws: `AnnotationsError`, for a line that can't be read, too.
  package init(_ url: URL, of teachers: Set<String>? = nil, isDurable: Bool = false) throws {
    file = url.relativePath
    (self.teachers, self.isDurable) = (teachers.map { Set($0.map(Self.word)) }, isDurable)
    descriptor = try openFile(url)
    var state = State()
    Self.lock(descriptor)
    let result = Result { [file, descriptor, start, teachers = self.teachers] in
      try Self.read(descriptor, file, except: start, of: teachers, &state)
    }
    flock(descriptor, LOCK_UN)
    if case .failure = result { close(descriptor) }
    try result.get()
    before = state.others
    self.state = Locked(state)
  }

  deinit { close(descriptor) }

  /// Adds the lines of other books that a book does not have; a second time there are none.
  ///
  /// - Returns: how many were added.
  /// - Throws: `AnnotationsError`, for a line that can't be read, too; the book is then as it was.
  package static func merge(_ books: [URL], into target: URL) throws -> Int {
    func lines(_ url: URL) throws -> [Substring] {
      // A line that a power cut left says a part of what it should.
      let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
      let whole = text.prefix(upTo: text.lastIndex(of: "\n") ?? text.startIndex).split(separator: "\n")
      guard let fault = whole.firstIndex(where: { Entry($0) == nil }) else { return whole }
      throw AnnotationsError.cannotOpen(
        file: url.relativePath, reason: "its line \(fault + 1) is no entry of what was spent")
    }
    let sources = try books.map { try lines($0) }
    let book = try SpendingBook(target)
    return try book.exclusively { _ in
      var there = Dictionary(try lines(target).map { ($0, 1) }, uniquingKeysWith: +)
      // Lines of one start stand in one book, so that equal ones of two books are one.
      var wanted: [Substring: Int] = [:]
      var fresh: [Substring] = []
      for source in sources {
        for (line, count) in Dictionary(source.map { ($0, 1) }, uniquingKeysWith: +) {
          wanted[line] = max(wanted[line] ?? 0, count)
        }
      }
      for line in sources.joined() {
        guard let left = wanted[line], left > 0 else { continue }
        wanted[line] = left - 1
        if let known = there[line], known > 0 { there[line] = known - 1 } else { fresh.append(line) }
      }
      guard !fresh.isEmpty else { return 0 }
      try book.append(fresh.map { $0 + "\n" }.joined(), isDurable: true)
      return fresh.count
    }
  }

  /// Runs the closure while no other process books, with what was spent by others and before this start.
  func exclusively<Result>(_ body: (Spending) throws -> Result) throws -> Result {
    try reading { try body($0.others) }
  }

  /// Runs the closure while no other process books, with all that they have booked.
  private func reading<Result>(_ body: (State) throws -> Result) throws -> Result {
    try state.withLock { state in
      Self.lock(descriptor)
      defer { flock(descriptor, LOCK_UN) }
      try Self.read(descriptor, file, except: start, of: teachers, &state)
      return try body(state)
    }
  }

  /// A question that is about to be asked. Within ``exclusively(_:)``.
  func ask(_ number: Int, of teacher: String, estimate: Spending) throws {
    try write(.asked, name(number), teacher, estimate)
  }

  /// One more request for a question. Within ``exclusively(_:)``.
  func askAgain(_ number: Int, of teacher: String) throws {
    var one = Spending()
    one.requests = 1
    try write(.again, name(number), teacher, one)
  }

  /// What a question's first request cost, in place of the estimate. A line that can't be written leaves the estimate.
  func pay(_ number: Int, of teacher: String, _ cost: Spending) {
    try? exclusively { _ in try write(.paid, name(number), teacher, cost) }
  }

  /// Books a question that goes with a batch as estimated.
  ///
  /// - Parameters:
  ///   - again: whether one that went before, and of which no result was read, may go once more.
  ///   - admit: throws where there is no room beside what was spent.
  /// - Returns: whether it goes.
  func send(
    _ key: String, of teacher: String, estimate: Spending, again: Bool, admit: (Spending) throws -> Void
  ) throws -> Bool {
    try reading { state in
      guard again || state.open[Self.batch(key)] == nil else { return false }
      try admit(state.others)
      try write(.asked, Self.batch(key), teacher, estimate)
      return true
    }
  }

  /// Books what a question that went with a batch cost, in place of its estimate; an older version booked none.
  func receive(_ key: String, of teacher: String, _ cost: Spending) throws {
    try reading { state in
      if state.open[Self.batch(key)] == nil {
        guard cost.requests > 0 else { return }
        try write(.asked, Self.batch(key), teacher, cost)
      }
      try write(.paid, Self.batch(key), teacher, cost)
    }
  }

  private func name(_ number: Int) -> String { "\(start) \(number)" }
  private static func batch(_ key: String) -> String { "batch \(key)" }

  private func write(_ kind: Kind, _ question: String, _ teacher: String, _ s: Spending) throws {
    try append(
      "\(question) \(Self.word(teacher)) \(kind.rawValue) \(s.requests) \(s.inputTokens) \(s.outputTokens) \(s.cost)\n",
      isDurable: isDurable)
  }

  /// Adds lines behind all others, whole or not at all.
  private func append(_ text: String, isDurable: Bool) throws {
    let (end, count) = (lseek(descriptor, 0, SEEK_END), text.utf8.count)
    let written = text.utf8CString.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, count, end) }
    guard written == count, !isDurable || fsync(descriptor) == 0 else {
      let reason = (0..<count).contains(written) ? "only \(written) of \(count) bytes were taken" : lastError()
      ftruncate(descriptor, end)
      throw AnnotationsError.cannotWrite(file: file, reason: reason)
    }
  }

  /// Waits for the lock. On a file system without locks several processes may each overspend by what is under way.
  private static func lock(_ descriptor: Int32) { while flock(descriptor, LOCK_EX) != 0, errno == EINTR {} }

  /// A name without what parts words.
  private static func word(_ teacher: String) -> String {
    teacher.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? teacher
  }

  private static func read(
    _ descriptor: Int32, _ file: String, except own: String, of teachers: Set<String>?, _ state: inout State
  ) throws {
    let size = Int(lseek(descriptor, 0, SEEK_END))
    guard size > state.offset else { return }
    var bytes = [UInt8](repeating: 0, count: size - state.offset)
    let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(state.offset)) }
    guard count == bytes.count else { throw AnnotationsError.cannotOpen(file: file, reason: lastError()) }
    let torn = bytes.reversed().prefix { $0 != UInt8(ascii: "\n") }.count
    if torn > 0 {
      // A line that a power cut left says a part of what it should, and would be taken for a mistake once it had an end.
      bytes.removeLast(torn)
      guard ftruncate(descriptor, off_t(size - torn)) == 0 else {
        throw AnnotationsError.cannotWrite(file: file, reason: lastError())
      }
    }
    state.offset = size - torn
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      state.line += 1
      guard let entry = Entry(line) else {
        throw AnnotationsError.cannotOpen(
          file: file,
          reason: "its line \(state.line) is no entry of what was spent. Remove the file to count from nothing")
      }
      guard entry.start != own, teachers?.contains(entry.teacher) ?? true else { continue }
      switch entry.kind {
      case .asked: state.open[entry.question] = entry.amount
      case .again: break
      case .paid: state.others = state.others - (state.open.removeValue(forKey: entry.question) ?? Spending())
      }
      state.others = state.others + entry.amount
    }
  }

  /// What a line says.
  private struct Entry {
    let start: String
    let question: String
    let teacher: String
    let kind: Kind
    let amount: Spending

    /// Nil where it is none.
    init?(_ line: Substring) {
      let words = line.split(separator: " ").map(String.init)
      guard words.count == 8, let kind = Kind(rawValue: words[3]), let requests = Int(words[4]),
        let input = Int(words[5]), let output = Int(words[6]), let cost = Double(words[7])
      else { return nil }
      (start, question, teacher) = (words[0], "\(words[0]) \(words[1])", words[2])
      self.kind = kind
      var amount = Spending()
      (amount.requests, amount.inputTokens, amount.outputTokens, amount.cost) = (requests, input, output, cost)
      self.amount = amount
    }
  }
}
