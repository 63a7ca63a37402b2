internal import JSON
import TeacherProtocol

/// From a request to a reply: the question, its samples, the question that repairs an answer, and the reading of it all.
struct Conversation: Sendable {
  let client: ServiceClient
  let images: ImageEncodings
  let imageEdge: Int?
  let clock: PaceClock

  func reply(to request: TeacherRequest) async throws -> TeacherReply {
    let start = clock.now()
    var question = try await Question(asking: request, images: images, longestEdge: imageEdge)
    var replies: [TeacherReply] = []
    let wanted = request.parameters.samples
    while replies.count < wanted {
      // A service that gives one answer at a time gives the same one for the same seed.
      question.seed = request.parameters.seed.map { $0 &+ replies.count }
      question.samples = client.sendsSamples ? wanted - replies.count : 1
      do {
        let spoken = try await client.ask(question)
        for (index, sample) in spoken.samples.prefix(wanted - replies.count).enumerated() {
          let usage = index == 0 ? spoken.usage : nil
          replies.append(
            try await repaired(Self.reply(sample, to: request, usage: usage), said: sample.text, question))
        }
      } catch  where !replies.isEmpty && !(error is CancellationError) {
        // What was paid for is kept; the next question meets the same error.
        break
      }
    }
    var reply = replies.count == 1 ? replies[0] : Self.agreed(replies)
    reply.seconds = max(0, clock.now() - start)
    return reply
  }

  private func repaired(_ reply: TeacherReply, said: String, _ question: Question) async throws -> TeacherReply {
    guard question.request.parameters.isRepaired, reply.outcome.isRepairable else { return reply }
    var second = question
    second.samples = 1
    let repairQuestion = AnswerForm(of: question.request).repairQuestion
    // Thoughts and calls of tools are nothing that it said.
    second.repair = (said.isEmpty ? "(nothing)" : said, repairQuestion)
    let spoken: Spoken
    do {
      spoken = try await client.ask(second)
    } catch  where !(error is CancellationError) {
      return reply
    }
    guard let sample = spoken.samples.first else { return reply }
    var mended = Self.reply(sample, to: question.request, usage: spoken.usage)
    mended.raw = [reply.raw, repairQuestion, mended.raw].joined(separator: "\n\n")
    mended.usage = Self.sum([reply.usage, mended.usage])
    if mended.label == nil { mended.outcome = reply.outcome }
    return mended
  }

  /// All answers of one response, read.
  static func reply(_ spoken: Spoken, to request: TeacherRequest) -> TeacherReply {
    let replies = spoken.samples.prefix(request.parameters.samples).enumerated().map { index, sample in
      reply(sample, to: request, usage: index == 0 ? spoken.usage : nil)
    }
    return replies.count == 1 ? replies[0] : agreed(replies)
  }

  /// One answer, read.
  static func reply(_ sample: Spoken.Sample, to request: TeacherRequest, usage: TeacherReply.Usage?) -> TeacherReply {
    switch sample.end {
    case .refused: return TeacherReply(outcome: .refused, raw: sample.text, usage: usage)
    case .cutOff, .complete: break
    }
    if !sample.probabilities.isEmpty { return measured(sample, labels: request.labels, usage: usage) }
    if let reply = wordless(sample, usage: usage) { return reply }
    let answer = AnswerReader(labels: request.labels).read(sample.text, endedAtLimit: sample.end == .cutOff)
    var reply = TeacherReply(
      outcome: answer.outcome, rationale: answer.rationale, confidence: answer.confidence, raw: sample.text,
      usage: usage)
    reply.isRationaleCut = answer.isRationaleCut
    if sample.end == .complete, answer.outcome == .cutOff { reply.outcome = AnswerReader.outcome(ofWhole: sample.text) }
    // What was measured counts more than what was claimed.
    if let label = reply.label, let offset = answer.labelOffset,
      let measured = LabelTokens.probability(
        of: label, at: offset, of: sample.text, in: sample.tokens, labels: request.labels)
    {
      reply.confidence = Confidence(measured, source: .labelTokenProbability)
    }
    return reply
  }

  /// What came in place of words, kept as the reply's text; nil where words came, or nothing at all.
  private static func wordless(_ sample: Spoken.Sample, usage: TeacherReply.Usage?) -> TeacherReply? {
    guard sample.text.allSatisfy(\.isWhitespace) else { return nil }
    if !sample.calls.isEmpty {
      return TeacherReply(outcome: .unreadable(TeacherReply.Outcome.toolCall), raw: sample.calls, usage: usage)
    }
    guard sample.thoughts.contains(where: { !$0.isWhitespace }) else { return nil }
    // As a model writes them itself; what reads the text again finds no answer in them either.
    let thoughts = "<think>" + sample.thoughts.replacing("</think>", with: "")
    return sample.end == .cutOff
      ? TeacherReply(outcome: .cutOff, raw: thoughts, usage: usage)
      : TeacherReply(outcome: .unreadable(AnswerReader.thoughtsAlone), raw: thoughts + "</think>", usage: usage)
  }

  /// An answer in probabilities: the most probable label, of equals the first.
  private static func measured(_ sample: Spoken.Sample, labels: LabelSet, usage: TeacherReply.Usage?) -> TeacherReply {
    func probability(_ name: String) -> Double { sample.probabilities[name] ?? 0 }
    let best = labels.names.reduce(labels.names[0]) { probability($1) > probability($0) ? $1 : $0 }
    var reply = TeacherReply(
      outcome: .answered(best), confidence: Confidence(min(probability(best), 1), source: .measured), raw: sample.text,
      usage: usage)
    reply.probabilities = sample.probabilities
    return reply
  }

  /// Several answers as one: the label that most of them have, of equals the one that came first, and the share of all
  /// answers that have it. The text is that of all answers, as a JSON array.
  static func agreed(_ replies: [TeacherReply]) -> TeacherReply {
    var votes: [String: Int] = [:]
    for label in replies.compactMap(\.label) { votes[label, default: 0] += 1 }
    let most = votes.values.max() ?? 0
    let best = replies.filter { $0.label.map { votes[$0] == most } ?? false }
    var reply = best.first { $0.label == best[0].label && !$0.isRationaleCut } ?? best.first ?? replies[0]
    reply.confidence = reply.label.map { _ in Confidence(Double(most) / Double(replies.count), source: .agreement) }
    reply.raw = JSONValue.array(replies.map { .string($0.raw) }).text
    reply.usage = sum(replies.map(\.usage))
    return reply
  }

  private static func sum(_ usages: [TeacherReply.Usage?]) -> TeacherReply.Usage? {
    let known = usages.compactMap(\.self)
    return known.isEmpty ? nil : known.reduce(.init(inputTokens: 0, outputTokens: 0), +)
  }
}
