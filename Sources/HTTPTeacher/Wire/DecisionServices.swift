internal import JSON
import Foundation
import TeacherProtocol

/// The wire format of decision services: a state and a typed question as a body, probabilities as an answer.
struct DecisionServices: WireFormat {
  let options: DecisionTeacher.Options

  /// Most images of a question in System One's form.
  static let mostAssets = 4

  var path: String { options.api.rawValue }

  /// Nothing of the request is left out where a server refuses it: every part of it is the question.
  var habits: ServerHabits {
    var habits = ServerHabits()
    (habits.isLengthFixed, habits.isFormatFixed) = (true, true)
    (habits.sendsSamples, habits.sendsSeed, habits.sendsTemperature) = (false, false, false)
    return habits
  }

  func headers(key: APIKey?) -> [String: String] {
    key.map { ["Authorization": "Bearer \($0.value)"] } ?? [:]
  }

  func body(_ question: Question, model: String, habits: ServerHabits) -> JSONValue {
    .object([.init("model", .string(model))] + members(question.request, question.images))
  }

  /// All of a body but the model and the images' bytes.
  func particulars(of request: TeacherRequest) -> String { JSONValue.object(members(request, nil)).text }

  /// - Parameter images: those of the request, made ready; nil for their places alone.
  private func members(_ request: TeacherRequest, _ images: [EncodedImage]?) -> [JSONValue.Member] {
    let asked = typedQuestion(of: request)
    switch options.api {
    case .systemOne:
      let marks = Self.marks(for: request)
      let assets = zip(marks, images ?? []).map { mark, image in
        JSONValue.Member(
          mark,
          .object([
            .init("type", "image"), .init("format", .string(String(image.mediaType.dropFirst("image/".count)))),
            .init("data_base64", .string(image.base64)),
          ]))
      }
      return [
        .init("state", state(of: request, marks)),
        .init("questions", .object([.init(options.question, asked.asked(.systemOne))])),
      ] + (assets.isEmpty ? [] : [.init("assets", .object(assets))])
    case .decisions:
      return [
        .init("input", input(of: request, images)), .init("questions", .array([asked.asked(.decisions)])),
      ]
    }
  }

  /// The template, whose slots name members of the state, is what is asked; without one the prompt is the whole state.
  private func typedQuestion(of request: TeacherRequest) -> TypedQuestion {
    let words = try? fields(of: request)?.instructions(for: request.item, labels: request.labels)
    return TypedQuestion(name: options.question, instructions: words ?? "", labels: request.labels)
  }

  /// The template of a question whose state is the item's fields; nil where it is the prompt.
  private func fields(of request: TeacherRequest) -> PromptTemplate? {
    options.state == .fields ? request.template : nil
  }

  // MARK: System One

  private func state(of request: TeacherRequest, _ marks: [String]) -> JSONValue {
    guard fields(of: request) != nil else {
      let parts = PromptPart.parts(of: request.prompt, imagesAt: request.images.map(\.place))
      return .string(
        parts.map { part in
          switch part {
          case .text(let words): words
          case .image(let number): marks[number]
          }
        }.joined())
    }
    return request.item.state { path in request.images.firstIndex { $0.path == path }.map { marks[$0] } }
  }

  /// What stands for each image: texts that stand nowhere else.
  private static func marks(for request: TeacherRequest) -> [String] {
    request.item.marks(
      request.images.count, notIn: [request.prompt, request.template?.text ?? ""] + request.labels.rawTexts)
  }

  // MARK: OpenAI

  private func input(of request: TeacherRequest, _ images: [EncodedImage]?) -> JSONValue {
    let isState = fields(of: request) != nil
    guard isState || !request.images.isEmpty else { return .string(request.prompt) }
    func text(_ words: String) -> JSONValue {
      .object([.init("type", "input_text"), .init("text", .string(words))])
    }
    func image(_ number: Int) -> JSONValue {
      let url = images.map { "data:\($0[number].mediaType);base64,\($0[number].base64)" } ?? ""
      return .object([.init("type", "input_image"), .init("image_url", .string(url))])
    }
    var parts: [JSONValue] = []
    if isState {
      let state = request.item.state { _ in nil }
      if state.members?.isEmpty == false { parts.append(.object([.init("type", "input_json"), .init("data", state)])) }
      for (number, shown) in request.images.enumerated() {
        // One alone needs no name.
        let name = zip(request.item.images, request.item.imageNames).first { $0.0 == shown.path }?.1
        if request.images.count > 1, let name { parts.append(text("\(name):")) }
        parts.append(image(number))
      }
    } else {
      parts = PromptPart.parts(of: request.prompt, imagesAt: request.images.map(\.place)).map { part in
        switch part {
        case .text(let words): text(words)
        case .image(let number): image(number)
        }
      }
    }
    return .array([.object([.init("role", "user"), .init("content", .array(parts))])])
  }

  // MARK: Answers

  func spoken(_ body: JSONValue, to question: Question) throws(HTTPTeacherError) -> Spoken {
    let place = options.api == .systemOne ? "answers.\(options.question)" : "answers[0]"
    let answers = body["answers"]
    guard let answer = options.api == .systemOne ? answers?[options.question] : answers?[0] else {
      throw .badResponse(expected: place, found: answers?.summary ?? "a body without answers")
    }
    let usage = TeacherReply.Usage(in: body, input: "input_tokens", output: "output_tokens")
    do throws(TypedQuestion.Fault) {
      let probabilities = try typedQuestion(of: question.request).probabilities(in: answer)
      return Spoken(
        samples: [
          .init(
            text: answer.text, end: probabilities == nil ? .refused : .complete, probabilities: probabilities ?? [:])
        ], usage: usage)
    } catch {
      throw .badResponse(expected: "\(error.expected) in \(place)", found: error.found)
    }
  }
}
