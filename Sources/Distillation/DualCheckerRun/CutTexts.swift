internal import DualChecker
internal import TeacherProtocol
internal import TextStudents
internal import Wording

/// The texts of which a student reads a part alone, as encoders do with long ones: how many, and what is lost.
struct CutTexts: Sendable {
  private var limit = 0
  private(set) var count = 0
  private var texts = 0
  private var spans = 0
  private var lostSpans = 0
  private var first: String?
  /// A line for each of the first few.
  private(set) var lines: [String] = []

  init() {}

  /// - Parameter answers: the gold answers of the items, where there are any to count spans of.
  init(_ items: [Item], _ read: ReadParts?, answers: [TaskAnswer?] = []) {
    guard let read else { return }
    add(items, read, answers: answers)
  }

  /// Counts more texts.
  ///
  /// - Parameter answers: as for ``init(_:_:answers:)``.
  mutating func add(_ items: [Item], _ read: ReadParts, answers: [TaskAnswer?] = []) {
    (limit, texts) = (read.limit, texts + items.count)
    for (place, (item, part)) in zip(items, read.parts).enumerated() {
      let answer = place < answers.count ? answers[place] : nil
      var lost = 0
      if case .spans(let gold) = answer {
        lost = part.map { part in gold.count { $0.range.clamped(to: part) != $0.range } } ?? 0
        spans += gold.count
        lostSpans += lost
      }
      guard let part else { continue }
      count += 1
      first = first ?? item.id
      guard lines.count < 5 else { continue }
      lines.append(
        "item '\(item.id)': read are the characters \(part.lowerBound) to \(part.upperBound) of "
          + NumberText.grouped(item.text.unicodeScalars.count)
          + (lost > 0 ? ", and \(NumberText.counted(lost, "gold span")) not, or not whole" : ""))
    }
  }

  /// How many are cut, and the first; nil where none is.
  var sentence: String? {
    guard let first else { return nil }
    let verb = count == 1 ? "is" : "are"
    let lost = "\(lostSpans) \(lostSpans == 1 ? "is" : "are") not read"
    return "\(NumberText.grouped(count)) of \(NumberText.counted(texts, "text")) \(verb) longer than the \(limit) "
      + "tokens that the student reads, and \(verb) cut there"
      + (spans > 0 ? "; of \(NumberText.counted(spans, "gold span")) \(lost)" : "")
      + "; the first is item '\(first)'"
  }
}

extension DualCheckerRecords {
  /// The texts that a student would cut, without a look at gold answers.
  func cut(by student: some DualCheckerStudent) -> CutTexts { CutTexts(ofStudent, student.readParts(of: ofStudent)) }

  /// The same with the gold answers of all records, for checks before a run.
  func cutWithGold(by student: some DualCheckerStudent) -> CutTexts {
    let apart = Dictionary(development.map { ($0.item.id, $0.answer) }) { first, _ in first }
    return CutTexts(
      ofStudent, student.readParts(of: ofStudent), answers: ofStudent.map { gold.answer(of: $0.id) ?? apart[$0.id] })
  }
}
