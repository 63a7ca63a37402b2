internal import StudentModels

/// A request whose answers are being written. On the worker's thread alone.
struct ChatWriting {
  /// Goes down when the answers are not wanted any more.
  let wanted: Flag
  /// Receives every piece.
  let each: (ChatPiece) -> Void
  /// Receives all answers, or why there are none, exactly once.
  let ended: (Result<[ChatAnswer], any Error>) -> Void
  /// Those that are complete.
  var answers: [ChatAnswer?]

  private let request: ChatRequest
  private let prompt: ChatPrompt
  private let tokenBytes: TokenBytes
  private let kept: KeptBeginnings
  private var begun = 0
  /// How probable the choices are, once that is known.
  private var chances: WholeChoices.Chances?
  /// The prompt as it was read, while answers are to begin with it.
  private var read: DecodingBatch?

  /// - Parameter kept: what earlier prompts began with whose choices were scored.
  init(
    _ request: ChatRequest, _ prompt: ChatPrompt, tokenBytes: TokenBytes, keeping kept: KeptBeginnings, wanted: Flag,
    each: @escaping (ChatPiece) -> Void, ended: @escaping (Result<[ChatAnswer], any Error>) -> Void
  ) {
    (self.request, self.prompt, self.tokenBytes, self.wanted) = (request, prompt, tokenBytes, wanted)
    self.kept = kept
    (self.each, self.ended) = (each, ended)
    answers = Array(repeating: nil, count: request.count)
  }

  /// Tokens of the prompt.
  var promptTokens: Int { prompt.ids.count }
  /// Tokens of a sequence, prompt included.
  var room: Int { promptTokens + prompt.maximumTokens }
  /// The same where the prompt is kept for further answers.
  var keptRoom: Int { read == nil ? 0 : room }
  /// Whether all answers have begun.
  var hasBegun: Bool { begun == answers.count }
  /// Whether all answers are complete.
  var isOver: Bool { !answers.contains { $0 == nil } }

  /// Begins the next answer: the prompt, which is read once, and what chooses the tokens after it. An answer that is chosen as a
  /// whole is written at once where no probabilities of its tokens are asked for.
  ///
  /// - Parameter batch: one of the student's.
  /// - Returns: nil for an answer that is written.
  /// - Throws: `CancellationError` where the client goes while the prompt is read; ``ChatError``.
  mutating func begin(
    _ student: any PretrainedStudent, _ batch: DecodingBatch
  ) throws -> (Int, DecodingBatch, ChatSampler)? {
    let whole = try chosen(student)
    if whole != nil, request.alternatives == nil {
      var sampler = sampler(student, whole)
      while answers[begun] == nil {
        let (token, piece) = try sampler.next(nil, index: begun)
        each(piece)
        if token == nil || piece.end != nil { answers[begun] = sampler.answer }
      }
      begun += 1
      return nil
    }
    var prompted = read ?? batch.emptied
    if read == nil {
      try student.read(
        prompt.ids, images: prompt.images, room: prompt.maximumTokens, into: &prompted, proceeding: wanted.check)
    }
    let (index, sampler) = (begun, sampler(student, whole))
    begun += 1
    read = hasBegun ? nil : prompted
    return (index, prompted, sampler)
  }

  private func sampler(_ student: any PretrainedStudent, _ whole: [Int]?) -> ChatSampler {
    ChatSampler(
      request, index: begun, student: student, opening: prompt.opening, tokenBytes: tokenBytes,
      maximumTokens: prompt.maximumTokens, whole: whole)
  }

  /// The tokens of the next answer where it is chosen as a whole; nil elsewhere.
  private mutating func chosen(_ student: any PretrainedStudent) throws -> [Int]? {
    guard let choices = prompt.choices else { return nil }
    let known = try chances ?? choices.chances(student, keeping: kept)
    chances = known
    var generator = ChatSampler.generator(of: request, begun)
    return choices[known.drawn(for: request, using: &generator)]
  }
}
