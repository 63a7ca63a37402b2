internal import LanguageModel
internal import Layers
internal import StudentModels
internal import Tensor

/// The answers that a served student writes side by side: each turn takes in what came meanwhile and writes a token of
/// each. On the worker's thread alone.
///
/// Requests are read and begun in the order in which they came; a request for several answers begins them as there is room.
struct AnswersUnderWay {
  /// How much is written at one time. One answer always is, whatever it takes.
  struct Limits: Sendable, Equatable {
    var answers: Int
    /// Of keys and values.
    var bytes: Int
  }

  /// A sequence of the batch at the same place.
  private struct Line {
    let request: Int
    let index: Int
    let bytes: Int
    var sampler: ChatSampler
    /// What was chosen last and is not written yet.
    var token = 0
  }

  private let student: any PretrainedStudent
  private let limits: Limits
  private let bytesOfToken: Int
  private var batch: DecodingBatch
  private var lines: [Line] = []
  /// By a number that rises with their arrival.
  private var requests: [Int: ChatWriting] = [:]
  private var arrivals = 0

  init(_ student: any PretrainedStudent, limits: Limits) {
    (self.student, self.limits) = (student, limits)
    let decoder = student.decoder
    bytesOfToken = 2 * decoder.layers * decoder.keyValueHeads * decoder.headSize * MemoryLayout<Float>.size
    batch = student.emptyBatch()
  }

  /// Whether nothing is left to do.
  var isEmpty: Bool { requests.isEmpty }

  /// Whether a further request may come in: all that came before have begun, and are not too many.
  var takesMore: Bool { lines.count < limits.answers && !requests.values.contains { !$0.hasBegun } }

  /// Takes a request in.
  mutating func add(_ request: ChatWriting) {
    requests[arrivals] = request
    arrivals += 1
    begin()
  }

  /// Writes a further token of each answer, after leaving out whose clients have gone.
  mutating func writeOn() {
    for (number, request) in requests where !request.wanted.isUp { end(number, CancellationError()) }
    if !lines.isEmpty {
      student.write(lines.map(\.token), in: &batch)
      choose(lines.indices)
    }
    begin()
  }

  /// Begins answers of the requests that wait for room.
  private mutating func begin() {
    for number in requests.keys.sorted() {
      while let request = requests[number], !request.hasBegun {
        let bytes = bytesOfToken * request.room
        // A prompt with which more answers are to begin is kept besides those that have.
        let used = lines.reduce(0) { $0 + $1.bytes } + requests.values.reduce(0) { $0 + bytesOfToken * $1.keptRoom }
        guard lines.isEmpty || lines.count < limits.answers && used + bytes <= limits.bytes else { return }
        do {
          try request.wanted.check()
          try begin(number, bytes: bytes)
        } catch {
          end(number, error)
        }
      }
    }
  }

  private mutating func begin(_ number: Int, bytes: Int) throws {
    guard var request = requests[number] else { return }
    let line = try request.begin(student, batch)
    requests[number] = request
    guard let (index, read, sampler) = line else {
      if request.isOver { end(number, nil) }
      return
    }
    batch.add(read)
    lines.append(Line(request: number, index: index, bytes: bytes, sampler: sampler))
    choose(lines.count - 1..<lines.count)
  }

  /// Chooses the next token of some answers, and leaves out those that end with it.
  private mutating func choose(_ places: Range<Int>) {
    var chosen = [Result<ChatSampler.Choice, any Error>?](repeating: nil, count: places.count)
    let logits = batch.logits
    // Sorting a vocabulary, reading probabilities: an answer is a task.
    lines.withUnsafeMutableBufferPointer { lines in
      chosen.withUnsafeMutableBufferPointer { chosen in
        let (lines, chosen) = (lines.baseAddress, chosen.baseAddress)
        Tensor.Compute.parallel(places.count) { i in
          let place = places.lowerBound + i
          guard let lines, let chosen else { return }
          chosen[i] = Result { try lines[place].sampler.next(logits[place], index: lines[place].index) }
        }
      }
    }
    var ended: Set<Int> = []
    for (place, result) in zip(places, chosen) {
      let line = lines[place]
      switch result {
      case .success(let choice)?:
        requests[line.request]?.each(choice.piece)
        if let token = choice.token, choice.piece.end == nil {
          lines[place].token = token
        } else {
          ended.insert(place)
          requests[line.request]?.answers[line.index] = line.sampler.answer
        }
      case .failure(let error)?: end(line.request, error, leaving: &ended)
      case nil: break
      }
    }
    leave(ended)
    for (number, request) in requests where request.isOver { end(number, nil) }
  }

  /// Ends a request, with its answers where nothing went wrong.
  private mutating func end(_ number: Int, _ error: (any Error)?) {
    var ended: Set<Int> = []
    end(number, error, leaving: &ended)
    leave(ended)
  }

  private mutating func end(_ number: Int, _ error: (any Error)?, leaving ended: inout Set<Int>) {
    guard let request = requests.removeValue(forKey: number) else { return }
    ended.formUnion(lines.indices.filter { lines[$0].request == number })
    request.ended(error.map { .failure($0) } ?? .success(request.answers.compactMap(\.self)))
  }

  private mutating func leave(_ places: Set<Int>) {
    guard !places.isEmpty else { return }
    let kept = lines.indices.filter { !places.contains($0) }
    batch.keep(kept)
    lines = kept.map { lines[$0] }
  }
}
