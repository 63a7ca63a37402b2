internal import Foundation
internal import JSON

/// Reads `POST /v1/systemone`: a state, up to 64 questions by name, up to 4 images by what stands for them.
struct SystemOneReader {
  private var faults = DecisionFaults()
  private let settings: DecisionSettings

  /// The request.
  ///
  /// - Throws: ``DecisionFaults``, all of them.
  static func request(_ body: JSONValue, _ settings: DecisionSettings) throws(DecisionFaults) -> DecisionRequest {
    var reader = SystemOneReader(settings)
    let request = reader.read(body)
    guard let request, reader.faults.isEmpty else { throw reader.faults }
    return request
  }

  private init(_ settings: DecisionSettings) { self.settings = settings }

  private mutating func read(_ body: JSONValue) -> DecisionRequest? {
    guard let members = body.members else {
      faults.add([], "\(RequestBody.form), not \(body.kind).", type: "dict_type")
      return nil
    }
    faults.refuseOthers(members, of: ["model", "state", "questions", "assets"], at: [])
    let model = required("model", of: body, "a text") { $0.string }
    let state = required("state", of: body, "a text, an object or a list") { Self.isContent($0) ? $0 : nil }
    let named = required("questions", of: body, "an object of questions by name") { $0.members }
    if let named, !(1...64).contains(named.count) {
      faults.add(
        ["questions"], "There must be 1 to 64 questions, not \(named.count).",
        type: named.isEmpty ? "too_short" : "too_long")
    }
    var questions: [DecisionQuestion] = []
    for member in named ?? [] {
      guard let question = question(member.value, at: ["questions", .string(member.name)]) else { continue }
      // Of two with one name the last counts, in the place of the first, as Python reads objects.
      var own = question
      own.name = member.name
      if let place = questions.firstIndex(where: { $0.name == member.name }) {
        questions[place] = own
      } else {
        questions.append(own)
      }
    }
    let images = images(body["assets"])
    guard let model, let state else { return nil }
    return DecisionRequest(model: model, state: state, questions: questions, images: images, parts: [state])
  }

  private mutating func required<Value>(
    _ name: String, of body: JSONValue, _ expected: String, _ read: (JSONValue) -> Value?
  ) -> Value? {
    guard let value = body[name] else {
      faults.add([.string(name)], "\(name) is missing.", type: "missing")
      return nil
    }
    guard let value = read(value) else {
      faults.add([.string(name)], "\(name) must be \(expected), not \(value.kind).", type: "type_error")
      return nil
    }
    return value
  }

  private static func isContent(_ value: JSONValue) -> Bool {
    switch value {
    case .string, .array, .object: true
    case .null, .bool, .number: false
    }
  }

  /// A text, an object or a list, or nothing.
  private mutating func content(_ value: JSONValue?, at place: [JSONValue], mayBeNull: Bool = true) -> JSONValue {
    let value = value ?? .null
    if !(mayBeNull && value.isNull || Self.isContent(value)) {
      faults.add(
        place, "This must be a text, an object or a list\(mayBeNull ? ", or null" : ""), not \(value.kind).",
        type: "type_error")
    }
    return value
  }

  private mutating func question(_ value: JSONValue, at place: [JSONValue]) -> DecisionQuestion? {
    guard let members = value.members else {
      faults.add(place, "A question must be an object, not \(value.kind).", type: "dict_type")
      return nil
    }
    guard let kind = value["type"]?.string.flatMap(DecisionQuestion.Kind.init) else {
      let found = value["type"].map { ", not \($0.summary)" } ?? ""
      faults.add(place + ["type"], "type must be noul, choice or score\(found).")
      return nil
    }
    faults.refuseOthers(members, of: ["type", "instructions", "criteria"], at: place)
    let instructions = content(value["instructions"], at: place + ["instructions"])
    let options = options(value["criteria"] ?? .null, kind, at: place + ["criteria"])
    guard let options else { return nil }
    return DecisionQuestion(kind: kind, instructions: instructions, options: options)
  }

  private mutating func options(
    _ criteria: JSONValue, _ kind: DecisionQuestion.Kind, at place: [JSONValue]
  ) -> [DecisionQuestion.Option]? {
    var options: [DecisionQuestion.Option] = []
    switch (kind, criteria) {
    case (.noul, .null), (.noul, .object):
      faults.refuseOthers(criteria.members ?? [], of: ["true", "false"], at: place)
      for name in settings.asksTrueFirst ? ["true", "false"] : ["false", "true"] {
        options.append(
          .init(value: .bool(name == "true"), description: content(criteria[name], at: place + [.string(name)])))
      }
    case (.choice, .object(let members)):
      for member in members {
        let option = DecisionQuestion.Option(
          value: .string(member.name), description: content(member.value, at: place + [.string(member.name)]))
        if let known = options.firstIndex(where: { $0.value == option.value }) {
          options[known] = option
        } else {
          options.append(option)
        }
      }
    case (.score, .array(let levels)):
      for (number, level) in levels.enumerated() {
        options.append(
          .init(
            value: .string("\(number)"), description: content(level, at: place + [.number(number)], mayBeNull: false)))
      }
    default:
      let expected =
        switch kind {
        case .noul: #"an object such as {"true": "an advertisement", "false": "a conversation"}, or left out"#
        case .choice: #"an object of options and what they mean, such as {"calm": "a polite message", "angry": null}"#
        case .score: #"a list of levels, lowest first, such as ["can wait", "this week", "today"]"#
        }
      faults.add(place, "The criteria of a \(kind.rawValue) question must be \(expected); found \(criteria.kind).")
      return nil
    }
    guard (1...DecisionQuestion.mostOptions).contains(options.count) else {
      faults.add(
        place, "A question needs 1 to \(DecisionQuestion.mostOptions) options, not \(options.count).",
        type: options.isEmpty ? "too_short" : "too_long")
      return nil
    }
    return options
  }

  private mutating func images(_ assets: JSONValue?) -> [DecisionRequest.Image] {
    guard let assets else { return [] }
    guard let members = assets.members, members.count <= 4 else {
      faults.add(
        ["assets"], "assets must be an object of up to 4 images by the texts that stand for them.",
        type: assets.members == nil ? "dict_type" : "too_long")
      return []
    }
    var images: [DecisionRequest.Image] = []
    for member in members {
      let place: [JSONValue] = ["assets", .string(member.name)]
      guard member.value["type"]?.string == "image", let text = member.value["data_base64"]?.string,
        let bytes = Data(base64Encoded: text), !bytes.isEmpty, !member.name.isEmpty
      else {
        faults.add(
          place,
          #"An asset must be {"type": "image", "format": "png", "data_base64": "..."} under a text that stands for it."#
        )
        continue
      }
      images.append(.init(placeholder: member.name, bytes: bytes, field: "assets.\(member.name)"))
    }
    return images
  }
}
