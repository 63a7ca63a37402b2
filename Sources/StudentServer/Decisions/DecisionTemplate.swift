internal import Foundation
internal import JSON
internal import Layers
internal import StudentModels
internal import Tokenization

/// The `decision_template.jinja` of a model folder: how its maker has questions asked (transformers 5.24.0, `prepare_inputs` of
/// `decision/template_utils.py`).
///
/// It is given `state` and `question`, or `questions` where it asks all in one prompt, and marks where each is answered; without
/// a mark that is the prompt's end. Labels are read there. Heads of their own, which read at several marks a question, are refused.
struct DecisionTemplate: Sendable {
  /// The file's name.
  static let file = "decision_template.jinja"
  /// The mark, and what only cuts a text.
  private static let marks = ["<|mark|>", "<|split|>"]

  let template: ChatTemplate
  /// Whether one prompt asks all questions.
  let asksTogether: Bool
  /// Which variables it reads, in the order in which images in them are counted.
  private let inputs: [String]

  /// Reads the template of a folder.
  ///
  /// - Returns: nil where the folder has none.
  /// - Throws: `TokenizerError`.
  init?(contentsOf folder: URL) throws {
    guard let template = try ChatTemplate(named: Self.file, of: folder) else { return nil }
    try self.init(template)
  }

  /// - Throws: `TokenizerError` where it gives one of these variables a value itself.
  init(_ template: ChatTemplate) throws {
    let names = template.names
    let inputs = ["state", "question", "questions"].filter(names.read.contains)
    if let own = inputs.first(where: names.given.contains) {
      throw TokenizerError.unsupportedTemplate(
        line: 1, construct: "a decision template that gives \(own) a value itself")
    }
    (self.template, self.inputs) = (template, inputs)
    asksTogether = inputs.contains("questions")
  }

  /// Prompts that end where the questions are answered, one a question, with the numbers of the images in them.
  ///
  /// - Parameters:
  ///   - questions: with their labels.
  ///   - images: with the texts that stand for them.
  /// - Throws: ``ChatError`` where the template is made for a head; the error of the template or of its tokens.
  func prompts(
    of state: JSONValue, _ questions: [(question: DecisionQuestion, labels: [String])],
    images: (all: [PromptImage], places: PlaceholderTexts), reader: any QuestionReader
  ) throws -> [(ids: [Int], images: [Int])] {
    let asked = questions.map(Self.value)
    var used: [Int] = []
    let values = inputs.map { name in
      let value: JSONValue =
        switch name {
        case "state": state
        case "question": asked[0]
        default: .array(asked)
        }
      return JSONValue.Member(name, images.places.inserting(into: value, &used))
    }
    let shown = used.map { images.all[$0] }
    var (ids, places) = try reader.literalIDs(of: template, marks: Self.marks, inputs: values, images: shown)
    if places.isEmpty { places = [ids.count] }
    guard places.count == questions.count, !places.contains(0) else {
      throw ChatError.unsupported(
        "model",
        "The folder's \(Self.file) marks \(places.count) places for \(questions.count) "
          + "\(questions.count == 1 ? "question" : "questions"): it is made for a head of its own, which this server does not have."
      )
    }
    let counts = shown.map(reader.tokenCount)
    return places.map { place in
      let beginning = Array(ids.prefix(place))
      var tokens = reader.imageToken.map { token in beginning.count { $0 == token } } ?? 0
      let whole = zip(used, counts).prefix { _, count in
        tokens -= count
        return tokens >= 0
      }
      return (beginning, whole.map(\.0))
    }
  }

  /// A question as the template sees it.
  private static func value(_ question: DecisionQuestion, _ labels: [String]) -> JSONValue {
    let options = question.options.enumerated().map { number, option in
      question.kind == .score ? "\(number)" : option.value.string ?? option.value.text
    }
    return .object([
      .init("name", .string(question.name ?? "")), .init("type", .string(question.kind.rawValue)),
      .init("instructions", question.instructions), .init("options", .array(options.map { .string($0) })),
      .init("labels", .array(labels.map { .string($0) })),
      .init("descriptions", .array(question.options.map(\.description))),
    ])
  }
}

/// The texts that stand for images in a request.
struct PlaceholderTexts: Sendable {
  /// The longest first.
  private let names: [(name: [UInt8], index: Int)]

  init(_ names: [String]) {
    self.names = names.enumerated().map { (Array($1.utf8), $0) }.sorted { $0.0.count > $1.0.count }
  }

  /// A text cut where a name of an image stands, and the numbers of these images in order.
  func cut(_ text: String) -> (parts: [ChatMessage.Part], images: [Int]) {
    let bytes = Array(text.utf8)
    var parts: [ChatMessage.Part] = []
    var images: [Int] = []
    var (begun, place) = (0, 0)
    func add(upTo end: Int) {
      if begun < end { parts.append(.text(String(decoding: bytes[begun..<end], as: UTF8.self))) }
    }
    while place < bytes.count {
      if let found = names.first(where: { bytes[place...].starts(with: $0.name) }) {
        add(upTo: place)
        parts.append(.image)
        images.append(found.index)
        place += found.name.count
        begun = place
      } else {
        place += 1
      }
    }
    add(upTo: bytes.count)
    return (parts, images)
  }

  /// A value with parts in place of each text in which an image stands.
  ///
  /// - Parameter used: takes the images' numbers, in the order of the value.
  func inserting(into value: JSONValue, _ used: inout [Int]) -> JSONValue {
    switch value {
    case .string(let text):
      let (parts, images) = cut(text)
      guard !images.isEmpty else { return value }
      used += images
      return .array(
        parts.map { part in
          switch part {
          case .text(let text): ["type": "text", "text": .string(text)]
          case .image: ["type": "image", "image": "image"]
          }
        })
    case .array(let elements): return .array(elements.map { inserting(into: $0, &used) })
    case .object(let members): return .object(members.map { .init($0.name, inserting(into: $0.value, &used)) })
    case .null, .bool, .number: return value
    }
  }
}
