import ContentDigest
import Foundation
public import TeacherProtocol

/// One reply of one teacher on one item, as it is kept.
///
/// The key is a digest of everything the reply depends on, so a question that was paid for once is never asked again, in
/// whichever run or data set it comes up. In JSON it is one flat object, which `RecordedReplies` reads as well:
/// ```json
/// {"confidence":0.9,"confidence_source":"labelTokenProbability","item":"7","key":"5e3c...","label":"falsified", ...}
/// ```
public struct Annotation: Sendable, Equatable {
  /// ``key(teacher:request:)`` of the question, 64 hexadecimal digits.
  public var key: String
  /// The item that the question was asked about.
  public var item: String
  /// The teacher's name.
  public var teacher: String
  /// The model behind the teacher's name.
  public var model: String
  /// Which prompt template was used.
  public var promptVersion: String
  /// The teacher's reply.
  public var reply: TeacherReply
  /// When it was kept, in seconds since 1970.
  public var time: Double
  /// What was asked; nil in annotations that come from older stores or elsewhere.
  package var question: Question?

  /// The question to a teacher, as far as it is known without the data set.
  public struct Question: Sendable, Equatable {
    /// The filled template.
    package var prompt: String
    /// The images in the order of their places; empty for a question about text alone.
    package var images: [Image]
    /// `TeacherParameters.canonical`.
    package var parameters: String
    /// What could be answered; nil in annotations that come from older stores or elsewhere.
    package var labels: [Label]?

    /// A label as it was called, and what a teacher says for it.
    package struct Label: Sendable, Hashable, Codable {
      package var name: String
      package var answer: String

      package init(name: String, answer: String) { (self.name, self.answer) = (name, answer) }
    }

    /// An image of a question.
    package struct Image: Sendable, Equatable {
      /// The path as the data file gives it.
      package var path: String
      /// SHA-256 of the image's bytes; nil where it is not known.
      package var digest: String?
      /// How many bytes of the prompt's UTF-8 stand before it; 0 is before the text.
      package var place: Int

      /// An image. The default place is 0: before the text.
      package init(path: String, digest: String? = nil, place: Int = 0) {
        self.path = path
        self.digest = digest
        self.place = place
      }
    }

    /// A question from its parts.
    ///
    /// - Precondition: places rise, and each is between two characters of the prompt.
    package init(prompt: String, images: [Image] = [], parameters: String, labels: [Label]? = nil) {
      precondition(Prompt.arePlaces(images.map(\.place), in: prompt), "Question: places of \(images) in '\(prompt)'")
      self.prompt = prompt
      self.images = images
      self.parameters = parameters
      self.labels = labels
    }

    /// The question of a request.
    package init(_ request: TeacherRequest) {
      self.init(
        prompt: request.prompt,
        images: request.images.map { Image(path: $0.path, digest: $0.file.digest, place: $0.place) },
        parameters: request.parameters.canonical, labels: Label.all(of: request))
    }
  }

  /// An annotation from its parts.
  public init(
    key: String, item: String, teacher: String, model: String, promptVersion: String, reply: TeacherReply, time: Double,
    question: Question? = nil
  ) {
    self.question = question
    self.key = key
    self.item = item
    self.teacher = teacher
    self.model = model
    self.promptVersion = promptVersion
    self.reply = reply
    self.time = time
    // Otherwise a store would refuse to give back what it took.
    func kept(_ tokens: Int) -> Int { min(max(tokens, 0), Self.mostTokens) }
    self.reply.usage = reply.usage.map {
      TeacherReply.Usage(inputTokens: kept($0.inputTokens), outputTokens: kept($0.outputTokens))
    }
  }

  /// The reply of a teacher to a request.
  public init(teacher: any Teacher, request: TeacherRequest, reply: TeacherReply, time: Double) {
    self.init(
      key: Self.key(teacher: teacher, request: request), item: request.item.id, teacher: teacher.name,
      model: teacher.model, promptVersion: request.promptVersion, reply: reply, time: time,
      question: Question(request))
  }

  /// The key of a stored reply: SHA-256 of teacher, model, prompt version, prompt, images' bytes and places, parameters
  /// and labels (a reply is kept as a label's name), and of the teacher's particulars, such as the item's id for teachers that
  /// answer by it.
  public static func key(teacher: any Teacher, request: TeacherRequest) -> String {
    key(teacher: teacher, request: request, labels: Question.Label.all(of: request))
  }

  /// What a reply is remembered by where these are the labels.
  static func key(teacher: any Teacher, request: TeacherRequest, labels: [Question.Label]) -> String {
    // One image before the text is its digest alone, as it was when there could be no more.
    let images = request.images.map { $0.place == 0 ? $0.file.digest : "\($0.file.digest)@\($0.place)" }
    return ContentDigest.of(
      fields: [
        teacher.name, teacher.model, request.promptVersion, request.prompt,
        images.joined(separator: " "),
        request.parameters.canonical, teacher.particulars(of: request), "\(labels.count)",
      ] + labels.flatMap { [$0.name, $0.answer] })
  }

  /// Reads a reply that was kept as cut off once more: older versions did so where its label was whole.
  mutating func readAnewIfCutOff(_ labels: LabelSet) {
    // Of several samples all texts were kept together, and none had a label.
    guard reply.outcome == .cutOff, reply.raw.first != "[" else { return }
    let read = AnswerReader(labels: labels).read(reply.raw, endedAtLimit: true)
    (reply.outcome, reply.rationale, reply.isRationaleCut) = (read.outcome, read.rationale, read.isRationaleCut)
  }

  /// The teacher's vote; nil unless it answered with a label.
  package var vote: Vote? {
    reply.label.map { Vote(teacher: teacher, label: $0, confidence: reply.confidence) }
  }
}

extension Annotation {
  /// The most tokens that are kept, of the question as of the answer; a reply that tells more is kept with this many.
  private static let mostTokens = 1_000_000_000_000

  /// What is wrong with the numbers of a kept reply; nil if nothing is. Stores are files that can be damaged or edited,
  /// and what is summed over all replies must stay within what can be counted.
  package static func fault(
    confidence: Double?, probabilities: [String: Double] = [:], input: Int?, output: Int?, seconds: Double, time: Double
  ) -> String? {
    let tokens = 0...mostTokens
    if let confidence, !(0...1).contains(confidence) { return "expected a confidence from 0 to 1" }
    if probabilities.values.contains(where: { !(0...1).contains($0) }) {
      return "expected numbers from 0 to 1 in 'probabilities'"
    }
    if let input, !tokens.contains(input) { return "expected from 0 to 10^12 tokens in 'input_tokens'" }
    if let output, !tokens.contains(output) { return "expected from 0 to 10^12 tokens in 'output_tokens'" }
    if !(0...1e9).contains(seconds) { return "expected from 0 to 10^9 seconds in 'seconds'" }
    if !(-1e11...1e11).contains(time) { return "expected seconds since 1970 in 'time'" }
    return nil
  }
}

extension Annotation: Codable {
  private enum CodingKeys: String, CodingKey {
    case key, item, teacher, model, outcome, label, reason, rationale, confidence, raw, seconds, time, question, image
    case images, parameters, labels, probabilities
    case imageDigest = "image_sha256"
    case promptVersion = "prompt"
    case isRationaleCut = "rationale_cut"
    case confidenceSource = "confidence_source"
    case inputTokens = "input_tokens"
    case outputTokens = "output_tokens"
  }

  /// Reads the flat object.
  public init(from decoder: any Decoder) throws {
    let row = try decoder.container(keyedBy: CodingKeys.self)
    let kind = try row.decode(String.self, forKey: .outcome)
    guard
      let outcome = TeacherReply.Outcome(
        kind: kind, label: try row.decodeIfPresent(String.self, forKey: .label),
        reason: try row.decodeIfPresent(String.self, forKey: .reason))
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .outcome, in: row, debugDescription: "no known outcome with its label or reason")
    }
    let value = try row.decodeIfPresent(Double.self, forKey: .confidence)
    let source = try row.decodeIfPresent(Confidence.Source.self, forKey: .confidenceSource)
    let tokens = (
      try row.decodeIfPresent(Int.self, forKey: .inputTokens), try row.decodeIfPresent(Int.self, forKey: .outputTokens)
    )
    let seconds = try row.decodeIfPresent(Double.self, forKey: .seconds) ?? 0
    let time = try row.decode(Double.self, forKey: .time)
    let probabilities = try row.decodeIfPresent([String: Double].self, forKey: .probabilities) ?? [:]
    if let fault = Self.fault(
      confidence: value, probabilities: probabilities, input: tokens.0, output: tokens.1, seconds: seconds, time: time)
    {
      throw DecodingError.dataCorrupted(.init(codingPath: row.codingPath, debugDescription: fault))
    }
    self.init(
      key: try row.decode(String.self, forKey: .key), item: try row.decode(String.self, forKey: .item),
      teacher: try row.decode(String.self, forKey: .teacher), model: try row.decode(String.self, forKey: .model),
      promptVersion: try row.decode(String.self, forKey: .promptVersion),
      reply: TeacherReply(
        outcome: outcome, rationale: try row.decodeIfPresent(String.self, forKey: .rationale) ?? "",
        confidence: value.map { Confidence($0, source: source ?? .recorded) },
        raw: try row.decode(String.self, forKey: .raw),
        usage: tokens.0.map { TeacherReply.Usage(inputTokens: $0, outputTokens: tokens.1 ?? 0) },
        seconds: seconds),
      time: time)
    reply.isRationaleCut = try row.decodeIfPresent(Bool.self, forKey: .isRationaleCut) ?? false
    reply.probabilities = probabilities
    if let prompt = try row.decodeIfPresent(String.self, forKey: .question) {
      var images = try row.decodeIfPresent([Question.Image].self, forKey: .images) ?? []
      if let image = try row.decodeIfPresent(String.self, forKey: .image) {
        images = [.init(path: image, digest: try row.decodeIfPresent(String.self, forKey: .imageDigest))]
      }
      guard Prompt.arePlaces(images.map(\.place), in: prompt) else {
        throw DecodingError.dataCorruptedError(
          forKey: .images, in: row,
          debugDescription: "expected places that rise and lie between characters of the question")
      }
      question = Question(
        prompt: prompt, images: images, parameters: try row.decodeIfPresent(String.self, forKey: .parameters) ?? "",
        labels: try row.decodeIfPresent([Question.Label].self, forKey: .labels))
    }
  }

  /// Writes the flat object.
  public func encode(to encoder: any Encoder) throws {
    var row = encoder.container(keyedBy: CodingKeys.self)
    try row.encode(key, forKey: .key)
    try row.encode(item, forKey: .item)
    try row.encode(teacher, forKey: .teacher)
    try row.encode(model, forKey: .model)
    try row.encode(promptVersion, forKey: .promptVersion)
    try row.encode(reply.outcome.kind, forKey: .outcome)
    try row.encodeIfPresent(reply.label, forKey: .label)
    try row.encodeIfPresent(reply.outcome.reason, forKey: .reason)
    try row.encode(reply.rationale, forKey: .rationale)
    if reply.isRationaleCut { try row.encode(true, forKey: .isRationaleCut) }
    try row.encodeIfPresent(reply.confidence?.value, forKey: .confidence)
    try row.encodeIfPresent(reply.confidence?.source, forKey: .confidenceSource)
    if !reply.probabilities.isEmpty { try row.encode(reply.probabilities, forKey: .probabilities) }
    try row.encode(reply.raw, forKey: .raw)
    try row.encodeIfPresent(reply.usage?.inputTokens, forKey: .inputTokens)
    try row.encodeIfPresent(reply.usage?.outputTokens, forKey: .outputTokens)
    try row.encode(reply.seconds, forKey: .seconds)
    try row.encode(time, forKey: .time)
    try row.encodeIfPresent(question?.prompt, forKey: .question)
    if let plain = question?.plainImage {
      try row.encode(plain.path, forKey: .image)
      try row.encodeIfPresent(plain.digest, forKey: .imageDigest)
    } else if let images = question?.images, !images.isEmpty {
      try row.encode(images, forKey: .images)
    }
    try row.encodeIfPresent(question?.parameters, forKey: .parameters)
    try row.encodeIfPresent(question?.labels, forKey: .labels)
  }
}

extension Annotation.Question.Label {
  /// The labels of a request in their order.
  static func all(of request: TeacherRequest) -> [Self] {
    request.labels.labels.map { Self(name: $0.name, answer: $0.answer) }
  }
}

extension Annotation.Question {
  /// The image of a question that has one, before its text: such a question is written as it was when there were no others.
  package var plainImage: Image? { images.count == 1 && images[0].place == 0 ? images[0] : nil }
}

extension Annotation.Question.Image: Codable {
  private enum CodingKeys: String, CodingKey {
    case path
    case digest = "sha256"
    case place = "at"
  }

  /// Reads `{"path", "sha256", "at"}`, of which the path must be there.
  package init(from decoder: any Decoder) throws {
    let row = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      path: try row.decode(String.self, forKey: .path), digest: try row.decodeIfPresent(String.self, forKey: .digest),
      place: try row.decodeIfPresent(Int.self, forKey: .place) ?? 0)
  }

  /// Writes the object, `at` where it is not 0.
  package func encode(to encoder: any Encoder) throws {
    var row = encoder.container(keyedBy: CodingKeys.self)
    try row.encode(path, forKey: .path)
    try row.encodeIfPresent(digest, forKey: .digest)
    if place != 0 { try row.encode(place, forKey: .place) }
  }
}
