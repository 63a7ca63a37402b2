internal import Foundation
internal import LanguageModel
internal import Student
internal import Tensor

/// Writes one answer token by token: chooses within the form, keeps probabilities, ends at stops.
struct ChatSampler {
  private let request: ChatRequest
  private let student: any PretrainedStudent
  private let tokenBytes: TokenBytes
  private let maximumTokens: Int
  private var generator: Tensor.Generator
  private var guide: AnswerGuide?
  private var ids: [Int] = []
  private var sent = ""
  private(set) var answer = ChatAnswer()

  init(
    _ request: ChatRequest, index: Int, student: any PretrainedStudent, tokenBytes: TokenBytes, maximumTokens: Int
  ) {
    self.request = request
    self.student = student
    self.tokenBytes = tokenBytes
    self.maximumTokens = maximumTokens
    let seed = request.seed ?? UInt64.random(in: 0...UInt64.max)
    generator = Tensor.Generator(seed: seed).fork("answer \(index)")
    guide = AnswerGuide(request.form)
  }

  /// The next token, or nil where the answer is over; what it adds is in `piece`.
  ///
  /// - Parameter logits: [1, vocabulary].
  mutating func next(_ logits: Tensor, index: Int) throws -> (token: Int?, piece: ChatPiece) {
    let scores = logits.scalars
    let token = try chosen(logits, scores)
    var piece = ChatPiece(index: index, text: "")
    guard token != student.endOfTurn, tokenBytes.bytes.indices.contains(token) else {
      answer.end = .stop
      piece.text = unsent(isLast: true)
      piece.end = .stop
      return (nil, piece)
    }
    ids.append(token)
    answer.count += 1
    if let count = request.alternatives {
      let figures = Self.figures(of: token, scores: scores, alternatives: count, tokenBytes)
      answer.tokens.append(figures)
      piece.token = figures
    }
    answer.text = student.text(of: ids)
    let bytes = tokenBytes.bytes[token]
    _ = guide?.take(bytes)
    var isOver = guide?.isOver ?? false
    if let stop = firstStop(in: answer.text) {
      answer.text = String(answer.text[..<stop])
      isOver = true
    }
    if isOver { answer.end = .stop }
    if isOver || answer.count == maximumTokens { piece.end = answer.end }
    piece.text = unsent(isLast: piece.end != nil)
    return (isOver ? nil : token, piece)
  }

  private mutating func chosen(_ logits: Tensor, _ scores: [Float]) throws -> Int {
    let sampling = Sampling(
      temperature: Float(request.temperature), topP: Float(request.topP), topK: request.topK)
    guard let guide else { return sampling.token(from: logits, using: &generator) }
    var allowed = tokenBytes.allowed(by: guide)
    if guide.isComplete { allowed.append(student.endOfTurn) }
    guard !allowed.isEmpty else {
      throw ChatError.fault("No token of this model goes on with '\(answer.text)' in the form that was asked for.")
    }
    var masked = [Float](repeating: -.infinity, count: scores.count)
    for token in allowed where token < scores.count { masked[token] = scores[token] }
    return sampling.token(from: Tensor(masked, shape: [1, masked.count]), using: &generator)
  }

  /// Where the first stop begins.
  private func firstStop(in text: String) -> String.Index? {
    request.stops.compactMap { text.range(of: $0)?.lowerBound }.min()
  }

  /// Text that can be sent: no half character, and nothing that may turn out to be a stop.
  private mutating func unsent(isLast: Bool) -> String {
    guard request.streams else { return "" }
    var ready = answer.text[...]
    if !isLast {
      while ready.last == "\u{FFFD}" { ready.removeLast() }
      let held = request.stops.flatMap { stop in
        (1...stop.count).map { stop.prefix($0) }.filter { ready.hasSuffix($0) }.map(\.count)
      }.max()
      if let held { ready.removeLast(held) }
    }
    guard ready.utf8.count > sent.utf8.count else { return "" }
    let new = String(decoding: ready.utf8.dropFirst(sent.utf8.count), as: UTF8.self)
    sent = String(ready)
    return new
  }

  /// A token's probability among all, and those of the likeliest.
  private static func figures(
    of token: Int, scores: [Float], alternatives: Int, _ tokenBytes: TokenBytes
  ) -> ChatAnswer.Token {
    let top = Double(scores.max() ?? 0)
    let total = top + log(scores.reduce(0) { $0 + exp(Double($1) - top) })
    func figure(_ id: Int) -> ChatAnswer.Token {
      let bytes = tokenBytes.spoken(id)
      return ChatAnswer.Token(
        text: String(decoding: bytes, as: UTF8.self), bytes: bytes, logProbability: Double(scores[id]) - total,
        alternatives: [])
    }
    var best: [Int] = []
    for id in scores.indices {
      // Kept sorted while it is filled: twenty of a hundred thousand need no sorting of all.
      guard best.count < alternatives || alternatives > 0 && scores[id] > scores[best[best.count - 1]] else { continue }
      let place = best.firstIndex { scores[$0] < scores[id] } ?? best.count
      best.insert(id, at: place)
      if best.count > alternatives { best.removeLast() }
    }
    var result = figure(token)
    result.alternatives = best.map(figure)
    return result
  }
}
