internal import Foundation
internal import LanguageModel
internal import StudentModels
internal import Tensor

/// Writes one answer token by token: chooses within the form, keeps probabilities, ends at stops.
struct ChatSampler {
  private let request: ChatRequest
  private let student: any PretrainedStudent
  private let tokenBytes: TokenBytes
  private let maximumTokens: Int
  private var generator: Tensor.Generator
  private var guide: AnswerGuide?
  /// The tokens of the answer where it was chosen as a whole.
  private let whole: [Int]?
  private var ids: [Int] = []
  private var sent = ""
  private(set) var answer = ChatAnswer()

  /// - Parameters:
  ///   - opening: what the answer's text begins with before its form does.
  ///   - whole: the tokens of the answer where it was chosen as a whole.
  init(
    _ request: ChatRequest, index: Int, student: any PretrainedStudent, opening: String, tokenBytes: TokenBytes,
    maximumTokens: Int, whole: [Int]? = nil
  ) {
    self.whole = whole
    self.request = request
    self.student = student
    self.tokenBytes = tokenBytes
    self.maximumTokens = maximumTokens
    generator = Self.generator(of: request, index)
    guide = AnswerGuide(request.form, after: opening)
  }

  /// What an answer is drawn with.
  static func generator(of request: ChatRequest, _ index: Int) -> Tensor.Generator {
    Tensor.Generator(seed: request.seed ?? UInt64.random(in: 0...UInt64.max)).fork("answer \(index)")
  }

  /// The next token, or nil where the answer is over, and what it adds.
  typealias Choice = (token: Int?, piece: ChatPiece)

  /// Chooses the next token.
  ///
  /// - Parameter logits: [1, vocabulary]; nil where the answer was chosen as a whole and no probabilities are asked for.
  mutating func next(_ logits: Tensor?, index: Int) throws -> Choice {
    let scores = logits?.scalars ?? []
    let (token, end) = try chosen(logits, scores)
    var piece = ChatPiece(index: index, text: "")
    guard token != student.endOfTurn, tokenBytes.bytes.indices.contains(token) else {
      if let end, let count = request.alternatives {
        // The end is what tells this choice from a longer one, so it is listed as a token of the answer.
        var figures = Self.figures(of: token, scores: scores, alternatives: count, tokenBytes)
        figures.logProbability = end
        answer.tokens.append(figures)
        piece.token = figures
      }
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

  /// The next token, and where a choice may end before it, the logarithm of the probability that it does.
  private mutating func chosen(_ logits: Tensor?, _ scores: [Float]) throws -> (token: Int, end: Double?) {
    if let whole, ids.count < whole.count { return (whole[ids.count], nil) }
    guard let logits else { return (student.endOfTurn, nil) }
    let sampling = Sampling(
      temperature: Float(request.temperature), topP: Float(request.topP), topK: request.topK)
    guard let guide else { return (sampling.token(from: logits, using: &generator), nil) }
    var allowed = tokenBytes.allowed(by: guide)
    if guide.isComplete { allowed.append(student.endOfTurn) }
    guard !allowed.isEmpty else {
      throw ChatError.fault("No token of this model goes on with '\(answer.text)' in the form that was asked for.")
    }
    var masked = [Float](repeating: -.infinity, count: scores.count)
    for token in allowed where token < scores.count { masked[token] = scores[token] }
    var end: Double?
    if let longer = guide.longerChoices {
      let isLonger = Set(
        allowed.filter { $0 != student.endOfTurn && tokenBytes.bytes[$0].first.map(longer.contains) ?? false })
      end = Self.settle(&masked, scores, allowed.filter { !isLonger.contains($0) }, isLonger: isLonger)
    }
    let token =
      whole == nil
      ? sampling.token(from: Tensor(masked, shape: [1, masked.count]), using: &generator) : student.endOfTurn
    return (token, token == student.endOfTurn ? end : nil)
  }

  /// Gives the tokens that end a choice all that is not said of a longer one. A model that would go on with a full stop
  /// behind "No" means "No" as much as one that would end there, and neither "No evidence"; which of two improbable tokens
  /// is the less improbable says nothing.
  ///
  /// - Returns: the logarithm of the probability that the choice ends.
  private static func settle(
    _ masked: inout [Float], _ scores: [Float], _ ends: [Int], isLonger: Set<Int>
  ) -> Double? {
    let top = Double(scores.max() ?? 0)
    func mass(_ ids: some Sequence<Int>) -> Double { ids.reduce(0) { $0 + exp(Double(scores[$1]) - top) } }
    let whole = mass(scores.indices.lazy.filter { !isLonger.contains($0) })
    let own = mass(ends)
    guard own > 0, whole > 0 else { return nil }
    for token in ends { masked[token] += Float(log(whole / own)) }
    return log(whole / mass(scores.indices))
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
