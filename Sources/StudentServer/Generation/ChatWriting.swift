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
  private var begun = 0
  /// The prompt as it was read, while answers are to begin with it.
  private var read: DecodingBatch?

  init(
    _ request: ChatRequest, _ prompt: ChatPrompt, tokenBytes: TokenBytes, wanted: Flag,
    each: @escaping (ChatPiece) -> Void, ended: @escaping (Result<[ChatAnswer], any Error>) -> Void
  ) {
    (self.request, self.prompt, self.tokenBytes, self.wanted) = (request, prompt, tokenBytes, wanted)
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

  /// Begins the next answer: the prompt, which is read once, and what chooses the tokens after it.
  ///
  /// - Parameter batch: one of the student's.
  /// - Throws: `CancellationError` where the client goes while the prompt is read.
  mutating func begin(
    _ student: any PretrainedStudent, _ batch: DecodingBatch
  ) throws -> (Int, DecodingBatch, ChatSampler) {
    var prompted = read ?? batch.emptied
    if read == nil {
      try student.read(
        prompt.ids, images: prompt.images, room: prompt.maximumTokens, into: &prompted, proceeding: wanted.check)
    }
    let index = begun
    begun += 1
    read = hasBegun ? nil : prompted
    let sampler = ChatSampler(
      request, index: index, student: student, opening: prompt.opening, tokenBytes: tokenBytes,
      maximumTokens: prompt.maximumTokens)
    return (index, prompted, sampler)
  }
}
