import Distillation
import Foundation
import ImageDecoding
import LanguageModel
import Layers
import StudentModels
import TeacherProtocol
import Tensor
import Testing

/// Labels of which one begins with another, scored by students whose probabilities are written down.
@Suite struct LabelScoringTests {
  /// What a teacher over this student says of one question.
  private func reply(
    _ answers: [String], _ chances: @escaping @Sendable (String) -> [String: Double], tokens: Int = 1,
    joined: [String] = []
  ) async throws -> TeacherReply {
    let labels = try LabelSet(answers.map { .init(name: $0) })
    let teacher = ModelTeacher(
      "m", student: WrittenStudent(joined: joined, chances: chances), modelDigest: "written")
    let request = TeacherRequest(
      item: Item(id: "1", fields: [:]), prompt: "?", promptVersion: "1", labels: labels,
      parameters: .init(maximumTokens: tokens))
    return try #require(try await teacher.replies(to: [request]).first)
  }

  private func confidence(_ reply: TeacherReply) -> Double { reply.confidence?.value ?? -1 }

  @Test func `a label that another begins with has what does not go on to it`() async throws {
    // P("No") 0.98, then "." 0.55 and " evidence" 0.45: No 0.98 · 0.55 = 0.539, No evidence 0.98 · 0.45 = 0.441, Yes 0.02.
    func chances(_ evidence: Double) -> @Sendable (String) -> [String: Double] {
      { ["": ["No": 0.98, "Yes": 0.02], "No": [" evidence": evidence, ".": 1 - evidence]][$0] ?? [".": 1] }
    }
    let answers = ["Yes", "No", "No evidence"]
    let no = try await reply(answers, chances(0.45))
    #expect(no.label == "No" && abs(confidence(no) - 0.539) < 1e-6)
    let evidence = try await reply(answers, chances(0.6))
    #expect(evidence.label == "No evidence" && abs(confidence(evidence) - 0.588) < 1e-6)
  }

  @Test func `of labels that begin one another in a row each has its own part, and they make one together`()
    async throws
  {
    // "1" goes on to "10" (0.7) and to "11" (0.1), "10" to "100" (0.6): 1 is 0.8 · 0.2, 10 is 0.8 · 0.7 · 0.4 = 0.224,
    // 100 is 0.8 · 0.7 · 0.6 = 0.336, 11 is 0.08, 2 is 0.2.
    let chances: @Sendable (String) -> [String: Double] = {
      ["": ["1": 0.8, "2": 0.2], "1": ["0": 0.7, "1": 0.1, ".": 0.2], "10": ["0": 0.6, ".": 0.4]][$0] ?? [".": 1]
    }
    for answers in [["1", "2", "10", "11", "100"], ["100", "11", "10", "2", "1"]] {
      let hundred = try await reply(answers, chances)
      #expect(hundred.label == "100" && abs(confidence(hundred) - 0.336) < 1e-6)
    }
    // Without "100" among the labels what goes on to it is still "10": 0.56.
    let ten = try await reply(["1", "2", "10", "11"], chances)
    #expect(ten.label == "10" && abs(confidence(ten) - 0.56) < 1e-6)
  }

  @Test func `a label learned by heart is told from one that it begins with, however sure the student is`() async throws
  {
    for truth in ["1", "10"] {
      let chances: @Sendable (String) -> [String: Double] = { said in
        guard said != "1" else { return truth == "10" ? ["0": 1 - 1e-12, ".": 1e-12] : [".": 1 - 1e-12, "0": 1e-12] }
        return said.isEmpty ? ["1": 1 - 1e-9, "2": 1e-9] : [".": 1]
      }
      let reply = try await reply(["1", "2", "10"], chances)
      #expect(reply.label == truth && confidence(reply) > 0.999)
    }
  }

  @Test func `a label that the tokenizer joins with the mark behind it is scored by that token too`() async throws {
    // As GPT-2's tokenizer has it: "(A)" ends with ")", "(A)." with ")." in one token, and answers were learned with the
    // mark. By the tokens of the label alone B would win, 1e-3 against 1e-6.
    let chances: @Sendable (String) -> [String: Double] = {
      [
        "": ["(": 1], "(": ["A": 0.9, "B": 0.1], "(A": [").": 1 - 1e-6, ")": 1e-6], "(B": [").": 0.999, ")": 1e-3],
      ][$0] ?? [".": 1]
    }
    let reply = try await reply(["(A)", "(B)"], chances, joined: [")."])
    #expect(reply.label == "(A)" && abs(confidence(reply) - 0.9) < 1e-6)
  }

  @Test func `a rationale goes on behind the label that was given, and not behind a longer one`() async throws {
    // " evidence" is the most probable token behind "No", and no label the less for "Maybe" and the full stop together.
    let chances: @Sendable (String) -> [String: Double] = {
      [
        "": ["No": 1], "No": [" evidence": 0.45, ".": 0.3, ",": 0.25], "No.": [" Look": 1], "No. Look": ["</s>": 1],
      ][$0] ?? ["</s>": 1]
    }
    let reply = try await reply(["Yes", "No", "No evidence"], chances, tokens: 8)
    #expect(reply.label == "No" && reply.rationale == "Look" && reply.raw == "No. Look")
  }

  @Test func `labels of which none begins another are scored by their words alone, to the bit`() async throws {
    let student = try TinyModels.student()
    for answers in [["Yes", "No"], ["wet", "dry", "unclear"]] {
      let labels = try LabelSet(answers.map { .init(name: $0) })
      let prompts = ["Is it?", "Which?", "Once more?"]
      let replies = try await ModelTeacher("m", student: student, modelDigest: "").replies(
        to: prompts.map {
          TeacherRequest(
            item: Item(id: $0, fields: [:]), prompt: $0, promptVersion: "1", labels: labels,
            parameters: .init(maximumTokens: 1))
        })
      let trees = try prompts.map { prompt -> AnswerTree in
        var tree = try student.tree(question: prompt, images: [], answers: answers)
        tree.answers = tree.answers.map { Array($0.dropLast()) }
        return tree
      }
      let expected = student.answerProbabilities(trees)
      #expect(replies.map(confidence) == expected.map { $0.max() ?? 0 })
      #expect(replies.map(\.probabilities) == expected.map { Dictionary(uniqueKeysWithValues: zip(answers, $0)) })
    }
  }

  @Test(arguments: [1, 6]) func `what earlier questions began with changes no bit of a reply`(
    tokens: Int
  ) async throws {
    let student = try TinyModels.student()
    let labels = try LabelSet(["wet", "dry", "unclear"].map { .init(name: $0) })
    let beginning =
      "The photo was taken at the harbour, where boats with blue sails lie side by side in the evening. Is the quay "
    func request(_ question: String) -> TeacherRequest {
      TeacherRequest(
        item: Item(id: question, fields: [:]), prompt: beginning + question, promptVersion: "1", labels: labels,
        parameters: .init(maximumTokens: tokens))
    }
    let requests = ["wet?", "wet or dry?", "shown at all, or the sea alone?", "wet?"].map(request)
    func replies(_ teacher: ModelTeacher<SmolVLM>, _ requests: [TeacherRequest]) async throws -> [TeacherReply] {
      try await teacher.replies(to: requests)
    }
    func fresh() -> ModelTeacher<SmolVLM> { ModelTeacher("m", student: student, modelDigest: "") }
    let asked = fresh()
    var (kept, alone) = ([TeacherReply](), [TeacherReply]())
    for request in requests {
      kept += try await replies(asked, [request])
      alone += try await replies(fresh(), [request])
    }
    // OpenBLAS, which multiplies on the smallest set, sums otherwise beside other rows.
    let together = try await replies(asked, requests)
    #expect(kept == alone)
    #expect(Tensor.Compute.instructionSet == .baseline || together == alone)
  }

  @Test func `a teacher with a weight that is no number answers nothing, and says which`() async throws {
    var student = try TinyModels.student()
    var breaker = Breaker()
    student.visit(&breaker, at: "")
    let request = TeacherRequest(
      item: Item(id: "1", fields: [:]), prompt: "?", promptVersion: "1",
      labels: try LabelSet([.init(name: "Yes"), .init(name: "No")]))
    let teacher = ModelTeacher("m", student: student, modelDigest: "")
    let error = await #expect(throws: TeacherUnavailable.self) { try await teacher.replies(to: [request]) }
    #expect(error?.reason.contains("norm.weight is inf at its element 0") == true, "\(String(describing: error))")
  }

  @Test func `a photo that several questions are about is looked at once, and each answer is as alone`() async throws {
    let student = try TinyModels.student()
    let labels = try LabelSet(["Yes", "No"].map { .init(name: $0) })
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let requests = try [(1, 40), (2, 40), (3, 200), (4, 40)].map { number, level -> TeacherRequest in
      let file = folder.appending(path: "\(level).png")
      let photo = RGBImage(width: 16, height: 16, pixels: [UInt8](repeating: UInt8(level), count: 768))
      try Data(photo.pngData()).write(to: file)
      return TeacherRequest(
        item: Item(id: "\(number)", fields: [:]), prompt: "Photo \(number)?", promptVersion: "1",
        images: [.init(path: file.lastPathComponent, file: try ImageReference(contentsOf: file))], labels: labels,
        parameters: .init(maximumTokens: 1))
    }
    let looks = Locked(0)
    let teacher = ModelTeacher("m", student: student, modelDigest: "") { image in
      looks.withLock { $0 += 1 }
      return image
    }
    let together = try await teacher.replies(to: requests)
    #expect(looks.withLock { $0 } == 2)
    for (request, reply) in zip(requests, together) {
      let alone = try await teacher.replies(to: [request])
      #expect(reply.label == alone.first?.label && reply.confidence == alone.first?.confidence)
    }
  }

  @Test func `labels with the same tokens are refused by name`() async throws {
    let student = WrittenStudent(joined: [], folds: true) { _ in [:] }
    let labels = try LabelSet([.init(name: "a", answer: "cote"), .init(name: "b", answer: "côte")])
    let request = TeacherRequest(item: Item(id: "1", fields: [:]), prompt: "?", promptVersion: "1", labels: labels)
    let error = StudentError.labelsAlike("cote", "côte")
    await #expect(throws: error) {
      try await ModelTeacher("m", student: student, modelDigest: "").replies(to: [request])
    }
    #expect("\(error)".contains("\"cote\"") && "\(error)".contains("\"côte\""))
  }
}

/// Makes a weight infinite.
private struct Breaker: ModuleVisitor {
  mutating func visit(_ parameter: inout Parameter, at path: String) {
    if path.hasSuffix("norm.weight") { parameter.value = parameter.value * .infinity }
  }
}

/// A student whose probabilities are written down by what was said before. Its tokens are words with the space before
/// them, digits and marks; those in `joined` are one.
private struct WrittenStudent: Student {
  let joined: [String]
  /// Whether accents are lost, as under a normalizer that strips them.
  var folds = false
  let chances: @Sendable (String) -> [String: Double]

  private static let end = 0

  /// A token's text as its number, and back.
  private func pieces(_ text: String) -> [String] {
    var rest = (folds ? text.replacing("ô", with: "o") : text)[...]
    var pieces: [String] = []
    while let first = rest.first {
      let length =
        joined.first { rest.hasPrefix($0) }?.count
        ?? (first.isLetter || first == " " ? 1 + rest.dropFirst().prefix(while: \.isLetter).count : 1)
      pieces.append(String(rest.prefix(length)))
      rest = rest.dropFirst(length)
    }
    return pieces
  }

  private func number(_ piece: String) -> Int {
    piece == "</s>" ? Self.end : piece.utf8.reduce(7) { ($0 &* 257 &+ Int($1)) & 0xFFFF_FFFF_FFFF }
  }

  private func text(_ tokens: [Int]) -> String {
    var said = ""
    for token in tokens {
      let known = Array(chances(said).keys) + pieces("Yes No evidence 1 2 0 (A) (B) A B . ,") + [" evidence"] + joined
      said += known.first { number($0) == token } ?? "?"
    }
    return said
  }

  func image(_ image: RGBImage) throws -> PromptImage { throw StudentError.readsNoImages }
  func encoded(_ image: PromptImage) -> PromptImage { image }

  func tree(question: String, images: [PromptImage], answers: [String]) throws -> AnswerTree {
    AnswerTree(prompt: [1], answers: answers.map { pieces($0).map(number) + [Self.end] })
  }

  func logProbabilities(of trees: [AnswerTree]) -> AnswerScores {
    var (values, ranges) = ([Float](), [[Range<Int>]]())
    for tree in trees {
      ranges.append(
        tree.answers.map { answer in
          let first = values.count
          for place in answer.indices {
            let chances = chances(text(Array(answer[..<place])))
            values.append(Float(log(chances.first { number($0.key) == answer[place] }?.value ?? 1e-30)))
          }
          return first..<values.count
        })
    }
    return AnswerScores(
      logProbabilities: Tensor(values, shape: [values.count]), ranges: ranges,
      entropies: values.map { _ in 0 }, isGreedy: values.map { _ in false })
  }

  func generate(
    _ prompts: [AnswerTree], maximumTokens: Int, sampling: Sampling, using generator: inout Tensor.Generator
  ) -> [Generation] {
    prompts.map { prompt in
      var said = text(Array(prompt.prompt.dropFirst()))
      let start = said.count
      for _ in 0..<maximumTokens {
        guard let next = chances(said).max(by: { $0.value < $1.value })?.key, next != "</s>" else { break }
        said += next
      }
      return Generation(tokens: [], text: String(said.dropFirst(start)), isComplete: true)
    }
  }

  mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {}
}
