import Foundation
import Layers
import StudentModels
import Tensor
import TestSupport
import Testing
import Tokenization

@Suite struct FamilyPromptTests {
  /// A text decoder with this chat template, or none.
  private func decoder(_ template: String?) throws -> TextDecoder {
    try withTemporaryFolder { folder in
      try TinyFamily.llama.write(to: folder)
      if let template { try Data(template.utf8).write(to: folder.appending(path: "chat_template.jinja")) }
      return try TextDecoder(contentsOf: folder)
    }
  }

  @Test(arguments: TinyFamily.allCases)
  func `a prompt and its answers are what the chat template renders`(family: TinyFamily) throws {
    let student = try family.student()
    let isVision = TinyFamily.readingImages.contains(family)
    let images = isVision ? [try student.image(Tiny.picture(1))] : []
    let tree = try student.tree(question: "Is it?", images: images, answers: ["Yes", "No, it is not"])
    for (tokens, answer) in zip(tree.answers, ["Yes", "No, it is not"]) {
      let turns = student.messages(question: "Is it?", imagesAt: images.map(\.place), answer: answer)
      let whole = try student.ids(
        of: student.rendered(turns, addingGenerationPrompt: false), images: images)
      // The template's line break after the end of the turn is no part of the answer.
      let end = family == .llama ? [student.endOfTurn] : []
      #expect((whole + end).starts(with: tree.prompt + tokens))
      #expect(tokens.last == student.endOfTurn && tokens.count { $0 == student.endOfTurn } == 1)
    }
    let asked = student.messages(question: "Is it?", imagesAt: images.map(\.place), answer: nil)
    #expect(
      try student.ids(of: student.rendered(asked, addingGenerationPrompt: true), images: images) == tree.prompt)
  }

  @Test func `without a template the answer follows the question at once and ends with the end of text`() throws {
    let student = try TinyFamily.llama.student()
    let tree = try student.tree(question: "Is it? ", images: [], answers: ["Yes"])
    #expect(student.tokenizer.decode(tree.prompt) == "Is it? ")
    #expect(tree.answers.map { student.tokenizer.decode($0) } == ["Yes</s>"])
  }

  @Test func `where the template closes no turn, the tokenizer's end of text does`() throws {
    let student = try decoder(
      "{% for m in messages %}{{ m.role.upper() + ': ' + m.content + ' ' }}{% endfor %}{% if add_generation_prompt %}ASSISTANT:{% endif %}"
    )
    let tree = try student.tree(question: "Is it?", images: [], answers: ["Yes"])
    #expect(student.tokenizer.decode(tree.prompt + tree.answers[0]) == "USER: Is it? ASSISTANT: Yes</s>")
    #expect(student.endOfTurn == student.tokenizer.id(of: "</s>"))
  }

  @Test func `the prompt's tokens are the same whatever follows, even where the tokenizer would join the two`() throws {
    // "\n" and "\n" are joined to one token where they meet.
    let joining = "{% for m in messages %}{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}{% endif %}"
    let student = try decoder(joining)
    let alone = try student.tree(question: "Is it?", images: [], answers: [])
    let tree = try student.tree(question: "Is it?", images: [], answers: ["\n\nYes", "Yes"])
    #expect(tree.prompt == alone.prompt)
    #expect(tree.answers.map { student.tokenizer.decode($0) } == ["\n\nYes</s>", "Yes</s>"])
  }

  @Test func `an answer of which the template leaves nothing is empty`() throws {
    let student = try decoder(
      "{% for m in messages %}{{ m.content | trim }}</s>{% endfor %}{% if add_generation_prompt %}{% endif %}")
    #expect(throws: StudentError.empty("answer")) { try student.tree(question: "a", images: [], answers: ["  "]) }
    #expect(throws: StudentError.empty("answer")) { try student.tree(question: "a", images: [], answers: [""]) }
  }

  @Test func `a template that hides the answer or changes the prompt under it is refused`() throws {
    for template in ["{% for m in messages %}</s>{% endfor %}", "{{ messages | length }}{{ messages[-1].content }}"] {
      do {
        _ = try decoder(template)
        Issue.record("\(template) was taken")
      } catch { #expect("\(error)".contains("a chat template"), "\(error)") }
    }
  }

  @Test func `a vision model without a template is refused`() throws {
    try withTemporaryFolder { folder in
      try TinyFamily.qwen2VL.write(to: folder)
      try FileManager.default.removeItem(at: folder.appending(path: "chat_template.jinja"))
      #expect(
        throws: StudentError.unusableFile(
          folder.path, expected: "a chat template, which says where images stand", found: "none")
      ) { try StudentFamily.student(contentsOf: folder) }
    }
  }

  @Test func `a text with more or fewer places than images is refused`() throws {
    let student = try TinyFamily.llavaNext.student()
    let photo = try student.image(Tiny.picture(1))
    #expect(throws: StudentError.imageCount(expected: 1, found: 2)) {
      try student.ids(of: "<image> and <image>", images: [photo])
    }
    #expect(throws: StudentError.imageCount(expected: 1, found: 0)) { try student.ids(of: "none", images: [photo]) }
  }
}
