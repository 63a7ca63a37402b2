/// How a teacher is to answer. Part of what an answer is remembered by.
public struct TeacherParameters: Sendable, Equatable, Codable {
  /// Sampling temperature, 0 for the likeliest answer. The default is 0.
  public var temperature: Double
  /// Most tokens of an answer. The default is 256, which is part of what stored replies are remembered by, and so stays.
  public var maximumTokens: Int
  /// Answers drawn per question; with more than one, the label that most of them have is the answer. The default is 1.
  public var samples: Int
  /// Seed for sampling, where a teacher takes one. The default is nil.
  public var seed: Int?
  /// Whether the answer is to be a JSON object of label and rationale. The default is false: words.
  package var answersInJSON: Bool
  /// Whether the answer is to be the label's words alone, without reasons. The default is false.
  package var answersByLabel = false
  /// Whether the teacher is to say how sure it is. The default is false.
  package var statesConfidence: Bool
  /// Whether an answer without a readable label is followed by one more question for it. The default is false.
  package var isRepaired: Bool

  /// Parameters. The defaults stand here alone.
  ///
  /// - Precondition: temperature is not negative, maximum tokens and samples are positive.
  public init(
    temperature: Double = 0, maximumTokens: Int = 256, samples: Int = 1, seed: Int? = nil, answersInJSON: Bool = false,
    statesConfidence: Bool = false, isRepaired: Bool = false
  ) {
    precondition(
      temperature >= 0 && maximumTokens > 0 && samples > 0,
      "TeacherParameters: temperature \(temperature), maximumTokens \(maximumTokens), samples \(samples)")
    self.temperature = temperature
    self.maximumTokens = maximumTokens
    self.samples = samples
    self.seed = seed
    self.answersInJSON = answersInJSON
    self.statesConfidence = statesConfidence
    self.isRepaired = isRepaired
  }

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case temperature, maximumTokens, samples, seed, answersInJSON, answersByLabel, statesConfidence, isRepaired
  }

  /// Reads parameters; a missing key has its default, an unknown one is an error.
  public init(from decoder: any Decoder) throws {
    try decoder.refuseUnknownKeys(CodingKeys.allCases.map(\.rawValue))
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init()
    func read<Value: Decodable>(_ key: CodingKeys, into value: inout Value) throws {
      value = try container.decodeIfPresent(Value.self, forKey: key) ?? value
    }
    try read(.temperature, into: &temperature)
    try read(.maximumTokens, into: &maximumTokens)
    try read(.samples, into: &samples)
    seed = try container.decodeIfPresent(Int.self, forKey: .seed)
    try read(.answersInJSON, into: &answersInJSON)
    try read(.answersByLabel, into: &answersByLabel)
    try read(.statesConfidence, into: &statesConfidence)
    try read(.isRepaired, into: &isRepaired)
    guard temperature >= 0, maximumTokens > 0, samples > 0 else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "expected temperature >= 0, maximumTokens > 0 and samples > 0"))
    }
  }

  /// One text for equal parameters, whatever the process.
  package var canonical: String {
    // What came later is named only where it is set, so that older replies are still found.
    "temperature=\(temperature) maximumTokens=\(maximumTokens) samples=\(samples) seed=\(seed.map(String.init) ?? "-")"
      + (answersInJSON ? " json" : answersByLabel ? " label" : "") + (statesConfidence ? " confidence" : "")
      + (isRepaired ? Self.repairedMark : "")
  }

  /// What `canonical` ends with where an answer without a label is asked about once more.
  package static let repairedMark = " repaired"
}

/// One question to one teacher, complete.
public struct TeacherRequest: Sendable {
  /// An image to show, and where it stands in the prompt.
  public struct Image: Sendable, Hashable {
    /// The path as the data file gives it.
    public var path: String
    /// The file.
    public var file: ImageReference
    /// How many bytes of the prompt's UTF-8 stand before it; 0 is before the text.
    package var place: Int

    /// An image. The default place is 0: before the text.
    package init(path: String, file: ImageReference, place: Int = 0) {
      self.path = path
      self.file = file
      self.place = place
    }
  }

  /// The item that is judged.
  public var item: Item
  /// The filled template, without its images.
  public var prompt: String
  /// Which template it was.
  public var promptVersion: String
  /// The images to show, in the order of their places; empty for a question about text alone.
  public var images: [Image]
  /// The labels an answer may have.
  public var labels: LabelSet
  /// How to answer.
  public var parameters: TeacherParameters
  /// The template that the prompt was filled from; nil where it is not known.
  package var template: PromptTemplate?
  /// Counts the requests that the question takes. The default is nil: requests are not counted.
  package var meter: (any RequestMeter)?

  /// A question.
  ///
  /// - Precondition: places rise, and each is at the beginning of a character of the prompt.
  public init(
    item: Item, prompt: String, promptVersion: String, images: [Image] = [], labels: LabelSet,
    parameters: TeacherParameters = TeacherParameters()
  ) {
    precondition(
      Prompt.arePlaces(images.map(\.place), in: prompt),
      "TeacherRequest: images at \(images.map(\.place)) of a prompt of "
        + "\(prompt.utf8.count) bytes")
    self.item = item
    self.prompt = prompt
    self.promptVersion = promptVersion
    self.images = images
    self.labels = labels
    self.parameters = parameters
  }

  /// The question that a template asks about an item.
  ///
  /// ```swift
  /// let request = try TeacherRequest(item: item, template: template, labels: labels)
  /// ```
  ///
  /// - Parameter file: the file of an image by its path in the data file. The default shows no image.
  /// - Throws: ``TeacherProtocolError/unknownSlot(_:template:known:)``, and what `file` throws.
  public init(
    item: Item, template: PromptTemplate, labels: LabelSet, parameters: TeacherParameters = TeacherParameters(),
    file: (String) throws(TeacherProtocolError) -> ImageReference? = { _ in nil }
  ) throws(TeacherProtocolError) {
    let prompt = try template.prompt(for: item, labels: labels)
    var images: [Image] = []
    for image in prompt.images {
      if let file = try file(image.path) { images.append(Image(path: image.path, file: file, place: image.place)) }
    }
    self.init(
      item: item, prompt: prompt.text, promptVersion: template.version, images: images, labels: labels,
      parameters: parameters)
    self.template = template
  }
}
