#if Run
  import Foundation
  import JSON
  import LoRA
  import StudentModels
  import StudentServer
  import TeacherProtocol
  import Tensor

  /// Requests of typed questions in System One's form, one a line; their assets are images' paths.
  struct DecisionItems {
    /// The requests, with each image as the API carries it.
    let requests: [JSONValue]

    /// Reads a file.
    ///
    /// - Returns: nil where its first line asks no questions.
    init?(contentsOf url: URL) throws {
      let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
      let root = url.deletingLastPathComponent()
      var requests: [JSONValue] = []
      for (number, line) in lines.enumerated() where line.contains(where: { !$0.isWhitespace }) {
        let bytes = [UInt8](line.utf8)
        let value: JSONValue
        do { value = try bytes.withUnsafeBufferPointer { try JSONParser.value(of: $0) } } catch let fault
          as JSONSyntaxError
        {
          // What is wrong with a file of other items is said by their reader.
          if requests.isEmpty { return nil }
          let column = bytes.withUnsafeBufferPointer { bytes in
            var places = JSONPlaces(bytes)
            return places.place(of: fault.offset).column
          }
          throw FolderProblem(
            "\(url.path), line \(number + 1), column \(column): expected \(fault.expected), found \(fault.found)")
        }
        if requests.isEmpty, value["questions"] == nil { return nil }
        guard let members = value.members else {
          throw FolderProblem(
            "\(url.path), line \(number + 1): expected an object with state and questions, found \(value.summary)")
        }
        requests.append(
          .object(
            try members.map { member in
              member.name == "assets" ? .init("assets", try Self.assets(member.value, in: root)) : member
            }))
      }
      guard !requests.isEmpty else { return nil }
      self.requests = requests
    }

    private static func assets(_ value: JSONValue, in root: URL) throws -> JSONValue {
      guard let members = value.members else { return value }
      return .object(
        try members.map { member in
          guard let path = member.value.string else { return member }
          let bytes = try Data(contentsOf: ImageReference.url(of: path, in: root))
          return .init(
            member.name,
            .object([
              .init("type", "image"), .init("format", bytes.starts(with: [0x89]) ? "png" : "jpeg"),
              .init("data_base64", .string(bytes.base64EncodedString())),
            ]))
        })
    }

    /// Writes NUMBER.json and NUMBER.safetensors of each request: `prompts`, `answers` and the labels' logits, or `refused`.
    func write(to folder: URL, _ student: some PretrainedStudent, settings: DecisionSettings) throws {
      for (number, request) in requests.enumerated() {
        let figures: DecisionFigures?
        do {
          figures = try DecisionFigures(of: request, student: student, settings: settings)
        } catch let refusal as DecisionFigures.Refusal {
          Output.error("request \(number + 1) is refused: \(refusal.reason)")
          figures = nil
        }
        let json: JSONValue =
          if let figures {
            .object([
              .init(
                "prompts",
                .object(figures.prompts.map { .init($0.name, .array($0.ids.map { .number($0) })) })),
              .init("answers", figures.answers),
            ])
          } else {
            .object([.init("refused", .bool(true))])
          }
        try Data(json.text.utf8).write(to: folder.appending(path: "\(number).json"), options: .atomic)
        try Tensor.writeSafetensors(figures?.tensors ?? [:], to: folder.appending(path: "\(number).safetensors"))
      }
    }
  }
#endif
