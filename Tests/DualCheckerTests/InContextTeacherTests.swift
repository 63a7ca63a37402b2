import DualChecker
import TeacherProtocol
import Testing

@Suite struct InContextTeacherTests {
  func prompts(
    _ task: LabellingTask, pool: LabelledPool = Fixture.pool, _ selection: DemonstrationSelection = .similarity
  ) async throws -> PromptBuilder {
    PromptBuilder(
      task: task, template: LabellingTemplate(instructions: ["Green?"]),
      aligner: try await Fixture.aligner(selection, pool: pool))
  }

  @Test func `it keeps what teachers must keep`() async throws {
    let task = try Fixture.green()
    let prompts = try await prompts(task)
    var requests: [TeacherRequest] = []
    for text in ["a motor that saves power", "a game with a brighter screen", ""] {
      requests.append(try await prompts.request(for: Fixture.item(text, text)))
    }
    for method in InContextTeacher.Method.allCases {
      for confidence in [Confidence.Source.labelTokenProbability, .agreement, .verbalised] {
        let teacher = InContextTeacher("offline", task: task, method: method, confidence: confidence)
        #expect(await TeacherCheck(requests: requests).problems(of: teacher) == [])
      }
    }
  }

  @Test func `its answer follows the demonstrations and not the item`() async throws {
    let task = try Fixture.green()
    let item = Fixture.item("x", "a motor that saves power")
    let swapped = LabelledPool(
      Fixture.pool.entries.map {
        .init(item: $0.item, answer: .label($0.answer == .label("green") ? "other" : "green"))
      })
    for method in InContextTeacher.Method.allCases {
      let teacher = InContextTeacher("offline", task: task, method: method)
      let right = try await teacher.reply(to: prompts(task).request(for: item))
      let wrong = try await teacher.reply(to: prompts(task, pool: swapped).request(for: item))
      #expect(right.label == "green")
      #expect(wrong.label == "other", "the same words with other labels in the prompt")
      var request = try await prompts(task).request(for: item)
      request.item = Fixture.item("y", "a game that starts faster")
      #expect(try await teacher.reply(to: request).label == "green", "the prompt alone is read")
    }
  }

  @Test func `without demonstrations it is at a loss until the labels are explained`() async throws {
    let task = try Fixture.green()
    let teacher = InContextTeacher("offline", task: task)
    let prompts = try await prompts(task, .none)
    let item = Fixture.item("x", "it lowers the emissions and the use of energy")
    let bare = try await teacher.reply(to: prompts.request(for: item))
    #expect(bare.confidence?.value == 0.5)
    var detail = PromptDetail()
    detail.definitions = true
    let told = try await teacher.reply(to: prompts.request(for: item, detail: detail))
    #expect(told.label == "green")
    #expect((told.confidence?.value ?? 0) > 0.5)
  }

  @Test func `longer text changes what it sees`() async throws {
    let task = try Fixture.green()
    let teacher = InContextTeacher("offline", task: task, method: .words)
    let prompts = try await prompts(task)
    let item = Fixture.item("x", "a chair", detail: "a motor that saves fuel and needs less electricity")
    var detail = PromptDetail()
    detail.longerText = true
    #expect(try await teacher.reply(to: prompts.request(for: item)).label == "other")
    #expect(try await teacher.reply(to: prompts.request(for: item, detail: detail)).label == "green")
  }

  @Test func `spans are marked as the demonstrations mark them`() async throws {
    let task = try Fixture.causes()
    let builder = try await prompts(task, pool: causes())
    let teacher = TaskTeacher(InContextTeacher("offline", task: task), task: task)
    let text = "Because felt lines the duct, the fan rests."
    let request = try await builder.request(for: Fixture.item("x", text))
    let reply = try await teacher.reply(to: request)
    let confidence = reply.confidence?.value ?? 0
    #expect(marks(of: reply, task, in: text) == ["cause=felt lines the duct", "effect=the fan rests"])
    #expect(confidence > 0.5)
  }

  // These two stand apart since Swift 6.3.1 fails to optimise an asynchronous function that holds them.

  func causes() throws -> LabelledPool {
    LabelledPool([
      try Fixture.spans("1", "Because rain fell, the road was wet.", cause: "rain fell", effect: "the road was wet"),
      try Fixture.spans("2", "Because ice melts, the lake rises.", cause: "ice melts", effect: "the lake rises"),
      try Fixture.spans(
        "3", "Because a lid holds heat, the pot boils.", cause: "a lid holds heat", effect: "the pot boils"),
    ])
  }

  /// Spans as "label=text"; nothing where the reply has none.
  func marks(of reply: TeacherReply, _ task: LabellingTask, in text: String) -> [String] {
    guard case .spans(let spans)? = task.answer(of: reply) else { return [] }
    return spans.map { "\($0.label)=\($0.text(in: text))" }
  }

  /// Notes what it is asked to encode.
  private struct Noting: SentenceEncoder {
    let texts = Locked<[[UInt8]]>([])
    func vectors(for texts: [String]) async throws -> [[Float]] {
      self.texts.withLock { $0 += texts.map { Array($0.utf8) } }
      return try await HashedNGramEncoder(lengths: 3...5).vectors(for: texts)
    }
  }

  private static let texts = [
    "a motor that saves power", "a game with a brighter screen", "caf\u{e9}", "cafe\u{301}", "a motor that saves power",
  ]

  @Test(arguments: InContextTeacher.Method.allCases, [Confidence.Source.labelTokenProbability, .agreement])
  func `what it read before changes no reply and is not encoded again`(
    method: InContextTeacher.Method, confidence: Confidence.Source
  ) async throws {
    let (task, encoder) = (try Fixture.green(), Noting())
    let prompts = try await prompts(task)
    let kept = InContextTeacher("offline", task: task, method: method, confidence: confidence, encoder: encoder)
    for text in Self.texts {
      let request = try await prompts.request(for: Fixture.item("x", text))
      // The naive twin: one that was never asked before.
      let fresh = InContextTeacher("offline", task: task, method: method, confidence: confidence)
      #expect(try await kept.reply(to: request) == fresh.reply(to: request))
    }
    let encoded = encoder.texts.withLock { $0 }
    #expect(encoded.count == Set(encoded).count)
    #expect(encoded.isEmpty == (method == .words))
  }

  @Test func `spans are marked alike however often their demonstrations were read`() async throws {
    let task = try Fixture.causes()
    let prompts = try await prompts(task, pool: causes())
    let kept = InContextTeacher("offline", task: task)
    for text in ["Because felt lines the duct, the fan rests.", "Because ice melts, the fan rests.", ""] {
      let request = try await prompts.request(for: Fixture.item("x", text))
      #expect(try await kept.reply(to: request) == InContextTeacher("offline", task: task).reply(to: request))
    }
  }

  @Test func `it explains an answer from the text's own words`() async throws {
    let task = try Fixture.green()
    let explainer = Explainer(teacher: InContextTeacher("offline", task: task), task: task)
    let reason = try await explainer.reason(
      for: Fixture.item("x", "a heat pump that needs little electricity"), answer: .label("green"))
    #expect(reason == "It speaks of little, electricity.")
    let spans = Explainer(teacher: InContextTeacher("offline", task: try Fixture.causes()), task: try Fixture.causes())
    #expect(try await spans.reason(for: Fixture.item("x", "a"), answer: .spans([])) == "")
  }
}
