internal import JSON
package import Foundation
package import TeacherProtocol

/// The files of services that answer by the batch, within a day and at half the price: questions written, results read.
///
/// ```swift
/// let service = BatchService(.openAI(options))
/// let line = try await service.line(id: key, request: request)         // a line of the file to upload
/// for result in try service.results(in: file).results {                // of the file that comes back
///   if let request = requests[result.id], let reply = result.reply(to: request) { print(reply.rationale) }
/// }
/// ```
///
/// Nothing is sent from here. Results come in any order and not all of them: a batch that expired still has a file of what
/// was answered in time, and one of what was not. A line that is torn costs that line alone.
package struct BatchService: Sendable {
  /// Whose files they are.
  package enum Kind: Sendable, Equatable {
    /// OpenAI's: at most 50,000 lines and 200 MB a file.
    case openAI(OpenAICompatibleTeacher.Options)
    /// Anthropic's: at most 100,000 requests and 256 MB; its interface takes the lines as the list `requests`.
    case anthropic(AnthropicTeacher.Options)
  }

  /// Most lines of a file.
  package let maximumLines: Int
  /// Most bytes of a file.
  package let maximumBytes: Int
  private let wire: any ChatFormat
  private let model: String
  private let habits: ServerHabits
  private let imageEdge: Int?
  private let images: ImageEncodings

  package init(_ kind: Kind, images: ImageEncodings = ImageEncodings()) {
    self.images = images
    switch kind {
    case .openAI(let options):
      (wire, model, imageEdge) = (ChatCompletions(), options.model, options.imageEdge)
      habits = options.habits
      (maximumLines, maximumBytes) = (50_000, 200_000_000)
    case .anthropic(let options):
      (wire, model, imageEdge) = (AnthropicMessages(), options.model, options.imageEdge)
      habits = AnthropicMessages().habits
      (maximumLines, maximumBytes) = (100_000, 256_000_000)
    }
  }

  /// One question as a line, without its end.
  ///
  /// - Parameters:
  ///   - id: comes back with the result; 1 to 64 letters, digits, `_` and `-`, such as an annotation's key.
  ///   - request: the question. A question that repairs an answer can't be asked by the batch.
  /// - Throws: ``HTTPTeacherError/badImage(file:reason:)``.
  package func line(id: String, request: TeacherRequest) async throws -> String {
    var question = try await Question(asking: request, images: images, longestEdge: imageEdge)
    question.samples = habits.sendsSamples ? request.parameters.samples : 1
    let body = wire.body(question, model: model, habits: habits)
    let members: [JSONValue.Member] =
      wire is AnthropicMessages
      ? [.init("params", body)]
      : [.init("method", "POST"), .init("url", "/v1/chat/completions"), .init("body", body)]
    return JSONValue.object([.init("custom_id", .string(id))] + members).text
  }

  /// The result of one question.
  package struct Result: Sendable {
    /// The question's id.
    package let id: String
    /// Why there is no answer; nil where there is one. What expired or failed may be asked again.
    package let failure: String?
    fileprivate let spoken: Spoken?

    /// The answer, read as one that came over the network; nil where there is none.
    package func reply(to request: TeacherRequest) -> TeacherReply? {
      spoken.map { Conversation.reply($0, to: request) }
    }
  }

  /// The results in a file: that of answers or that of errors.
  ///
  /// - Returns: one result for each id, the first where there are several, and the lines that can't be read.
  /// - Throws: ``HTTPTeacherError/badBatchLine(line:expected:found:)`` where the file as a whole can't be read, line 0.
  package func results(in file: URL) throws -> (results: [Result], unreadable: [HTTPTeacherError]) {
    guard let data = try? readData(file) else {
      throw HTTPTeacherError.badBatchLine(line: 0, expected: "a file that can be read", found: file.relativePath)
    }
    var (results, unreadable, seen) = ([Result](), [HTTPTeacherError](), Set<String>())
    for (number, line) in data.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      guard line.contains(where: { $0 > 0x20 }) else { continue }
      guard let row = try? wire.parsed(Data(line)), let id = row["custom_id"]?.string else {
        let found = String(decoding: line.prefix(40), as: UTF8.self)
        unreadable.append(.badBatchLine(line: number + 1, expected: "an object with custom_id", found: "'\(found)'"))
        continue
      }
      guard seen.insert(id).inserted else { continue }
      results.append(wire is AnthropicMessages ? anthropic(row, id) : openAI(row, id))
    }
    return (results, unreadable)
  }

  /// What people should know where token probabilities were asked for and no result has them; nil where some do, or none were
  /// asked for.
  package func lackOfTokens(in results: [Result]) -> String? {
    guard habits.sendsLogProbabilities else { return nil }
    return Spoken(samples: results.flatMap { $0.spoken?.samples ?? [] }).lackOfTokens
  }

  private func openAI(_ row: JSONValue, _ id: String) -> Result {
    let status = row["response"]?["status_code"]?.integer
    guard let body = row["response"]?["body"], status == 200 else {
      let error = row["error"].flatMap { $0 == .null ? nil : $0 } ?? row["response"]?["body"]?["error"]
      return failed(id, error, status.map { "status \($0)" } ?? "no answer")
    }
    return answered(id, body)
  }

  private func anthropic(_ row: JSONValue, _ id: String) -> Result {
    let result = row["result"]
    switch (result?["type"]?.string, result?["message"]) {
    case ("succeeded", let message?): return answered(id, message)
    case ("errored", _): return failed(id, result?["error"]?["error"] ?? result?["error"], "errored")
    case (let type, _): return failed(id, nil, type ?? "no result")
    }
  }

  private func answered(_ id: String, _ body: JSONValue) -> Result {
    if let fault = ProviderFault(in: body) {
      return Result(id: id, failure: "\(fault.told())", spoken: nil)
    }
    do throws(HTTPTeacherError) {
      return Result(id: id, failure: nil, spoken: try wire.spoken(body))
    } catch {
      return Result(id: id, failure: "\(error)", spoken: nil)
    }
  }

  private func failed(_ id: String, _ error: JSONValue?, _ otherwise: String) -> Result {
    let words = [error?["code"]?.cell ?? error?["type"]?.string, error?["message"]?.string].compactMap(\.self)
    return Result(id: id, failure: words.isEmpty ? otherwise : words.joined(separator: ": "), spoken: nil)
  }
}
