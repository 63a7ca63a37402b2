import ImageDecoding
import LanguageModel
import Layers
import StudentModels
import Tensor
import Testing
import Tokenization

@Suite struct SmolVLMPromptTests {
  @Test func `a prompt has one beginning, one end of turn, and a token for each row of features`() throws {
    let student = try Tiny.student()
    let photo = try student.image(Tiny.picture(1))
    for images in [[], [photo], [photo, student.encoded(photo)]] {
      let tree = try student.tree(question: "Is it?", images: images, answers: ["Yes"])
      let texts = tree.prompt.map { student.tokenizer.token(of: $0) }
      #expect(texts.first == "<|im_start|>")
      #expect(texts.count { $0 == "<|im_start|>" } == 1)
      #expect(texts.count { $0 == "<end_of_utterance>" } == 1)
      #expect(texts.count { $0 == "<image>" } == 4 * images.count)
      #expect(texts.count { $0 == "<global-img>" } == images.count)
      #expect(texts.count { $0 == "<fake_token_around_image>" } == 2 * images.count)
      #expect(tree.images.count == images.count)
    }
  }

  @Test func `a prompt reads as the chat template writes it`() throws {
    let student = try Tiny.student()
    let photo = try student.image(Tiny.picture(1))
    let tile = "<fake_token_around_image><global-img><image><image><image><image><fake_token_around_image>"
    let with = try student.tree(question: "Is it?", images: [photo], answers: ["Yes", "No, it is not"])
    #expect(
      student.tokenizer.decode(with.prompt)
        == "<|im_start|>User:" + tile + "Is it?<end_of_utterance>\nAssistant:")
    let without = try student.tree(question: "Is it?", images: [], answers: ["Yes"])
    #expect(student.tokenizer.decode(without.prompt) == "<|im_start|>User: Is it?<end_of_utterance>\nAssistant:")
    #expect(
      with.answers.map { student.tokenizer.decode($0) } == [
        " Yes<end_of_utterance>", " No, it is not<end_of_utterance>",
      ])
  }

  @Test(arguments: ["<image>", "<end_of_utterance>", "<|im_start|>", "<row_1_col_1>"])
  func `text that spells a token of the model is refused, in question and answer`(token: String) throws {
    let student = try Tiny.student()
    #expect(throws: StudentError.reservedToken(token)) {
      try student.tree(question: "a \(token) b", images: [], answers: ["Yes"])
    }
    #expect(throws: StudentError.reservedToken(token)) {
      try student.tree(question: "a", images: [], answers: ["Yes", "b \(token)"])
    }
    #expect("\(StudentError.reservedToken(token))".contains(token))
  }

  @Test func `what is too long is refused with its tokens, and nothing is cut`() throws {
    var student = try Tiny.student()
    let photo = try student.image(Tiny.picture(1))
    let tree = try student.tree(question: "Is it?", images: [photo], answers: ["x", "Yes, it is"])
    let longest = tree.prompt.count + (tree.answers.map(\.count).max() ?? 0)
    student.maximumTokens = longest
    #expect(try student.tree(question: "Is it?", images: [photo], answers: ["x", "Yes, it is"]).prompt == tree.prompt)
    student.maximumTokens = longest - 1
    let error = StudentError.tooLong(tokens: longest, limit: longest - 1, imageTokens: 4)
    #expect(throws: error) { try student.tree(question: "Is it?", images: [photo], answers: ["x", "Yes, it is"]) }
    #expect("\(error)".contains("\(longest) tokens (4 of them for images)"))
  }

  @Test func `an empty question or answer is refused`() throws {
    let student = try Tiny.student()
    #expect(throws: StudentError.empty("question")) { try student.tree(question: "", images: [], answers: ["Yes"]) }
    #expect(throws: StudentError.empty("answer")) { try student.tree(question: "a", images: [], answers: ["Yes", ""]) }
    let photo = try student.image(Tiny.picture(1))
    #expect(try student.tree(question: "", images: [photo], answers: ["Yes"]).answers.count == 1)
  }

  @Test func `a tokenizer without a token of the format is refused by its name`() throws {
    let student = try Tiny.student()
    let trained = try BPETrainer(vocabularySize: 300, specialTokens: ["<a>", "<b>", "<c>", "<image>"]).train(
      on: Tiny.texts)
    func made(_ template: String) throws -> SmolVLM {
      try SmolVLM(
        model: student.model, tokenizer: trained.tokenizer, template: ChatTemplate(template),
        processor: student.processor, name: "here")
    }
    // Nothing ends the turn: neither the template nor the tokenizer's own end of text.
    #expect(throws: StudentError.missingToken("eos_token", folder: "here")) { try made(Tiny.plainTemplate) }
    let unable = try made(Tiny.plainTemplate.replacing("\n", with: "<a>"))
    #expect(throws: StudentError.missingToken("<fake_token_around_image>", folder: "the tokenizer")) {
      try unable.tree(question: "a", images: [unable.image(Tiny.picture(1))], answers: [])
    }
  }

  @Test func `of a tokenizer with more tokens than the model has rows those without one are refused`() throws {
    let student = try Tiny.student()
    var configuration = student.model.configuration
    configuration.text.vocabularySize = 310
    var generator = Tensor.Generator(seed: 1)
    let small = try SmolVLM(
      model: SmolVLMModel(configuration, using: &generator), tokenizer: student.tokenizer,
      template: ChatTemplate(Tiny.plainTemplate), processor: student.processor, name: "here")
    #expect(small.tokenizer.vocabularyCount == 320)
    let word = student.tokenizer.decode([319])
    let ids = student.tokenizer.encode(word, addingSpecialTokens: false)
    let token = try #require(ids.first { $0 >= 310 })
    #expect(throws: StudentError.tokenWithoutRow(student.tokenizer.token(of: token) ?? "", number: token, rows: 310)) {
      try small.tree(question: word, images: [], answers: [])
    }
    #expect(try small.tree(question: "0", images: [], answers: []).prompt.allSatisfy { $0 < 310 })
  }
}
