internal import Foundation
internal import JSON

/// Reads `POST /v1/decisions`, as openai-python 3.57.0 writes it (`types/decision_create_params.py`): an input, up to 400
/// questions in a list.
///
/// A conversation becomes a state as System One's clients write one: the text of a single turn of the user, else a list of
/// turns with their roles.
struct DecisionsReader {
  private var faults = DecisionFaults()
  private let settings: DecisionSettings
  private var images: [DecisionRequest.Image] = []
  /// Members that change no answer.
  private static let resting: Set<String> = ["prompt_cache_key", "prompt_cache_options", "safety_identifier"]
  /// Stands for an image where it is followed by its number and itself; it is taken out of what clients write.
  private static let mark: Unicode.Scalar = "\u{F0002}"

  /// The request.
  ///
  /// - Throws: ``DecisionFaults``, all of them.
  static func request(_ body: JSONValue, _ settings: DecisionSettings) throws(DecisionFaults) -> DecisionRequest {
    var reader = DecisionsReader(settings)
    let request = reader.read(body)
    guard let request, reader.faults.isEmpty else { throw reader.faults }
    return request
  }

  private init(_ settings: DecisionSettings) { self.settings = settings }

  private mutating func read(_ body: JSONValue) -> DecisionRequest? {
    guard let members = body.members else {
      faults.add([], "\(RequestBody.form), not \(body.kind).")
      return nil
    }
    faults.refuseOthers(
      members.filter { !Self.resting.contains($0.name) }, of: ["model", "input", "questions"], at: [])
    guard let model = body["model"]?.string else {
      faults.add(["model"], "model must be a text.")
      return nil
    }
    let state = state(body["input"] ?? .null)
    let list = body["questions"]?.elements
    if !(1...400).contains(list?.count ?? 0) {
      faults.add(["questions"], "questions must be a list of 1 to 400 questions.")
    }
    let questions = (list ?? []).enumerated().compactMap { question($1, at: ["questions", .number($0)]) }
    return DecisionRequest(
      model: model, state: state.whole, questions: questions, images: images, parts: state.parts)
  }

  private mutating func text(_ value: JSONValue?, at place: [JSONValue]) -> String {
    guard let text = value?.string else {
      faults.add(place, "This must be a text, not \(value?.kind ?? "left out").")
      return ""
    }
    return Self.plain(text)
  }

  private static func plain(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.filter { $0 != mark }))
  }

  // MARK: Input

  private mutating func state(_ input: JSONValue) -> (whole: JSONValue, parts: [JSONValue]) {
    if let text = input.string {
      let state = JSONValue.string(Self.plain(text))
      return (state, [state])
    }
    guard let items = input.elements, !items.isEmpty else {
      faults.add(["input"], "input must be a text or a list of at least one message.")
      return (.null, [])
    }
    let turns = items.enumerated().map { turn($1, at: ["input", .number($0)]) }
    if turns.count == 1, turns[0].role == "user" { return (Self.joined(turns[0].parts), turns[0].parts) }
    let state = JSONValue.array(
      turns.map { .object([.init("role", .string($0.role)), .init("content", Self.joined($0.parts))]) })
    return (state, [state])
  }

  private mutating func turn(_ value: JSONValue, at place: [JSONValue]) -> (role: String, parts: [JSONValue]) {
    if let type = value["type"]?.string, type != "message" {
      faults.add(place + ["type"], "An item of the type \(type) is not supported; send messages alone.")
      return ("user", [])
    }
    guard let role = value["role"]?.string, ["user", "developer", "system", "assistant"].contains(role) else {
      faults.add(place + ["role"], "role must be user, developer, system or assistant.")
      return ("user", [])
    }
    faults.refuseOthers(value.members ?? [], of: ["type", "role", "content", "phase"], at: place)
    let types: Set<String> =
      switch role {
      case "user": ["input_text", "input_image", "input_json"]
      case "assistant": ["output_text", "refusal"]
      default: ["input_text"]
      }
    return (role, parts(value["content"], types, at: place + ["content"]))
  }

  /// A text, or parts.
  private mutating func parts(_ value: JSONValue?, _ types: Set<String>, at place: [JSONValue]) -> [JSONValue] {
    guard let parts = value?.elements else { return [.string(text(value, at: place))] }
    return parts.enumerated().map { part($1, types, at: place + [.number($0)]) }
  }

  /// Parts as one: a single one as it is, others one below the other.
  private static func joined(_ parts: [JSONValue]) -> JSONValue {
    parts.count == 1 ? parts[0] : .string(parts.map { $0.string ?? $0.text }.joined(separator: "\n"))
  }

  private mutating func part(_ value: JSONValue, _ types: Set<String>, at place: [JSONValue]) -> JSONValue {
    guard let type = value["type"]?.string, types.contains(type) else {
      faults.add(place + ["type"], "A part must be of the type \(types.sorted().joined(separator: " or ")).")
      return .null
    }
    switch type {
    case "input_image":
      faults.refuseOthers(
        value.members ?? [], of: ["type", "image_url", "detail", "prompt_cache_breakpoint"], at: place)
      return .string(image(value["image_url"], at: place + ["image_url"]))
    case "input_json":
      faults.refuseOthers(value.members ?? [], of: ["type", "data"], at: place)
      guard let data = value["data"], data.members != nil || data.elements != nil else {
        faults.add(place + ["data"], "data must be an object or a list of objects.")
        return .null
      }
      return Self.plain(data)
    default:
      let member = type == "refusal" ? "refusal" : "text"
      faults.refuseOthers(value.members ?? [], of: ["type", member, "prompt_cache_breakpoint"], at: place)
      return .string(text(value[member], at: place + [.string(member)]))
    }
  }

  private static func plain(_ value: JSONValue) -> JSONValue {
    switch value {
    case .string(let text): .string(plain(text))
    case .array(let elements): .array(elements.map(plain))
    case .object(let members): .object(members.map { .init(plain($0.name), plain($0.value)) })
    case .null, .bool, .number: value
    }
  }

  private mutating func image(_ value: JSONValue?, at place: [JSONValue]) -> String {
    let bytes: Data
    do {
      bytes = try DataURL.bytes(of: value?.string ?? "")
    } catch {
      faults.add(place, error.message)
      return ""
    }
    let placeholder = "\(Self.mark)\(images.count)\(Self.mark)"
    images.append(
      .init(placeholder: placeholder, bytes: bytes, field: DecisionFaults.Fault(place: place, message: "").field))
    return placeholder
  }

  // MARK: Questions

  private mutating func question(_ value: JSONValue, at place: [JSONValue]) -> DecisionQuestion? {
    let lists = ["predicate": "", "choice": "choices", "score": "levels"]
    guard let type = value["type"]?.string, let list = lists[type] else {
      faults.add(place + ["type"], "type must be predicate, choice or score.")
      return nil
    }
    faults.refuseOthers(value.members ?? [], of: ["type", "name", "instructions", list], at: place)
    var question = DecisionQuestion(kind: .noul, options: [])
    if let name = value["name"], !name.isNull { question.name = text(name, at: place + ["name"]) }
    question.instructions = Self.joined(
      parts(value["instructions"], ["input_text", "input_image", "input_json"], at: place + ["instructions"]))
    switch type {
    case "choice": (question.kind, question.options) = (.choice, choices(value["choices"], at: place + ["choices"]))
    case "score": (question.kind, question.options) = (.score, levels(value["levels"], at: place + ["levels"]))
    default:
      question.options = (settings.asksTrueFirst ? [true, false] : [false, true]).map { .init(value: .bool($0)) }
    }
    return question
  }

  private mutating func elements(_ value: JSONValue?, at place: [JSONValue]) -> [JSONValue] {
    let elements = value?.elements ?? []
    if !(2...DecisionQuestion.mostOptions).contains(elements.count) {
      faults.add(place, "This must be a list of 2 to \(DecisionQuestion.mostOptions).")
    }
    return elements
  }

  private mutating func description(of value: JSONValue, at place: [JSONValue]) -> JSONValue {
    guard let description = value["description"], !description.isNull else { return .null }
    return .string(text(description, at: place + ["description"]))
  }

  private mutating func choices(_ value: JSONValue?, at place: [JSONValue]) -> [DecisionQuestion.Option] {
    var options: [DecisionQuestion.Option] = []
    for (number, choice) in elements(value, at: place).enumerated() {
      let place = place + [.number(number)]
      faults.refuseOthers(choice.members ?? [], of: ["value", "description"], at: place)
      let option = DecisionQuestion.Option(
        value: choice["value"] ?? .null, description: description(of: choice, at: place))
      if option.value.string == nil, option.value.bool == nil {
        faults.add(place + ["value"], "value must be a text, true or false.")
      } else if options.contains(where: { $0.value == option.value }) {
        faults.add(place + ["value"], "The value \(option.value.summary) is there before; each must be another one.")
      }
      options.append(option)
    }
    return options
  }

  /// Levels by their labels, in their order.
  private mutating func levels(_ value: JSONValue?, at place: [JSONValue]) -> [DecisionQuestion.Option] {
    var options: [DecisionQuestion.Option] = []
    for (number, level) in elements(value, at: place).enumerated() {
      let place = place + [.number(number)]
      faults.refuseOthers(level.members ?? [], of: ["label", "description"], at: place)
      let label = text(level["label"], at: place + ["label"])
      let description = description(of: level, at: place)
      options.append(
        .init(value: .string(label), description: .string(description.string.map { "\(label): \($0)" } ?? label)))
    }
    return options
  }
}
