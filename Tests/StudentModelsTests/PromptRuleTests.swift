import Foundation
import LanguageModel
import Layers
import StudentModels
import Tensor
import TestSupport
import Testing
import Tokenization

/// Where prompts begin, where answers follow them, and which tokens they may have.
@Suite struct PromptRuleTests {
  private static let frame =
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"

  /// A folder whose tokenizer puts "<s>" before every text, with this template.
  private func write(_ family: TinyFamily, _ template: String?, to folder: URL) throws {
    try family.write(to: folder)
    let file = folder.appending(path: "tokenizer.json")
    var json = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    json["post_processor"] = [
      "type": "TemplateProcessing",
      "single": [["SpecialToken": ["id": "<s>", "type_id": 0]], ["Sequence": ["id": "A", "type_id": 0]]],
      "pair": [["Sequence": ["id": "A", "type_id": 0]], ["Sequence": ["id": "B", "type_id": 1]]],
      "special_tokens": ["<s>": ["id": "<s>", "ids": [1], "tokens": ["<s>"]]],
    ]
    try JSONSerialization.data(withJSONObject: json).write(to: file)
    let place = folder.appending(path: "chat_template.jinja")
    if let template { try Data(template.utf8).write(to: place) }
    if let kept = ProcessInfo.processInfo.environment["KEPT_FOLDERS"] {
      let copy = URL(filePath: kept).appending(path: "\(family.rawValue)-\(UUID().uuidString)")
      try FileManager.default.copyItem(at: folder, to: copy)
    }
  }

  private func student(_ family: TinyFamily, _ template: String?) throws -> any PretrainedStudent {
    try withTemporaryFolder { folder in
      try write(family, template, to: folder)
      return try StudentFamily.student(contentsOf: folder)
    }
  }

  private func text(_ student: any PretrainedStudent, _ ids: [Int]) -> String { student.tokenizer.decode(ids) }

  @Test(arguments: [TinyFamily.llama, .qwen2])
  func `a folder that reads text alone begins prompts as its template does`(family: TinyFamily) throws {
    // transformers 5.24.0: tokenizer.apply_chat_template(turns, tokenize=True) tokenises without special tokens.
    for (template, beginning) in [(Self.frame, ""), ("<s>" + Self.frame, "<s>"), ("{{ bos_token }}" + Self.frame, "")] {
      let student = try student(family, template)
      let tree = try student.tree(question: "Is it?", images: [], answers: ["Yes"])
      #expect(
        text(student, tree.prompt) == beginning + "<|im_start|>user\nIs it?<|im_end|>\n<|im_start|>assistant\n")
      #expect(text(student, tree.answers[0]) == "Yes<|im_end|>")
    }
    // Without a template a text is what tokenizer(text) makes of it.
    let plain = try student(.llama, nil)
    #expect(try text(plain, plain.tree(question: "Is it?", images: [], answers: []).prompt) == "<s>Is it?")
  }

  @Test func `a folder that reads images puts the token before a conversation that does not begin with it`() throws {
    // transformers 5.24.0: ProcessorMixin.apply_chat_template leaves special tokens out only behind bos_token.
    let template = try #require(TinyFamily.qwen2VL.template)
    for template in [template, "<s>" + template] {
      let student = try student(.qwen2VL, template)
      let prompt = try student.tree(question: "Is it?", images: [], answers: []).prompt
      #expect(text(student, prompt).hasPrefix("<s><|im_start|>user") && prompt.count { $0 == 1 } == 1)
    }
  }

  @Test func `adapters trained on prompts that all begin with the token go on with it`() throws {
    var student = try student(.qwen2, Self.frame)
    #expect(student.promptBeginning == .ofFolder)
    let plain = try student.tree(question: "Is it?", images: [], answers: ["Yes"])
    student.promptBeginning = .always
    let begun = try student.tree(question: "Is it?", images: [], answers: ["Yes"])
    #expect(begun.prompt == [1] + plain.prompt && begun.answers == plain.answers)
  }

  /// Templates whose generation prompt ends with what a conversation with an answer does not have, and what the prompt
  /// and the answer "Yes" are: what TRL 1.16's common_prefix_length leaves of both.
  private static let opened: [(opens: String, answers: String, prompt: String, answer: String)] = [
    ("assistant\n<think>\n", "assistant\n", "assistant\n", "Yes<|im_end|>"),
    ("assistant\n<think></think>", "assistant\n", "assistant\n", "Yes<|im_end|>"),
    // Both go on with a tag of their own behind the role; tokens are not cut in two.
    ("assistant<image>", "assistant<|vision_end|>", "assistant", "<|vision_end|>Yes<|im_end|>"),
    // A thought that the conversation closes is part of the answer, as before.
    (
      "assistant\n<think>\n", "assistant\n<think>\n\n</think>\n\n", "assistant\n<think>\n",
      "\n</think>\n\nYes<|im_end|>"
    ),
  ]

  private func template(_ opens: String, _ answers: String) -> String {
    "{% for m in messages %}<|im_start|>{% if m.role == 'assistant' %}\(answers){% else %}{{ m.role }}\n{% endif %}"
      + "{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>\(opens){% endif %}"
  }

  @Test(arguments: 0..<4)
  func `answers follow where the generation prompt and the conversation part`(number: Int) throws {
    let one = Self.opened[number]
    let student = try student(.qwen2, template(one.opens, one.answers))
    let tree = try student.tree(question: "Is it?", images: [], answers: ["Yes", "No"])
    #expect(text(student, tree.prompt) == "<|im_start|>user\nIs it?<|im_end|>\n<|im_start|>" + one.prompt)
    #expect(text(student, tree.answers[0]) == one.answer)
    #expect(student.text(of: Array(tree.answers[0].dropLast())) == "Yes")
    // What is asked in words is asked with the same tokens, with turns before it too.
    let turns = student.messages(question: "Is it?", imagesAt: [], answer: nil)
    #expect(try student.ids(of: student.prompt(turns), images: []) == tree.prompt)
    let before = student.messages(question: "Who?", imagesAt: [], answer: "Me")
    #expect(try student.prompt(before + turns).hasSuffix("<|im_start|>" + one.prompt))
    // The template itself is as it was.
    #expect(try student.rendered(turns, addingGenerationPrompt: true).hasSuffix(one.opens))
  }

  /// Qwen3's rule: a closed thought stands before the last answer, and in the prompt where thinking is off.
  private static let thoughtful =
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' and loop.last %}<think>\n\n</think>\n\n"
    + "{% endif %}{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n"
    + "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}{% endif %}"

  @Test func `a closed thought belongs to the answer, and to the prompt where thinking is off`() throws {
    var student = try student(.qwen3, Self.thoughtful)
    let question = "<|im_start|>user\nIs it?<|im_end|>\n<|im_start|>assistant\n"
    let thought = "<think>\n\n</think>\n\n"
    for (thinking, prompt, answer) in [
      (nil, question, thought + "Yes<|im_end|>"), (true, question, thought + "Yes<|im_end|>"),
      (false, question + thought, "Yes<|im_end|>"), (nil, question, thought + "Yes<|im_end|>"),
    ] as [(Bool?, String, String)] {
      try student.setThinking(thinking)
      let tree = try student.tree(question: "Is it?", images: [], answers: ["Yes"])
      #expect(student.thinking == thinking)
      #expect(text(student, tree.prompt) == prompt && text(student, tree.answers[0]) == answer)
      #expect(student.text(of: Array(tree.answers[0].dropLast())) == "Yes")
    }
  }

  @Test func `thinking is not set where the template knows nothing of it`() throws {
    var student = try student(.qwen3, Self.frame)
    try student.setThinking(nil)
    #expect(throws: StudentError.self) { try student.setThinking(false) }
  }

  @Test func `a template that changes the question under an answer is refused all the same`() throws {
    for template in [
      "{{ messages | length }}{{ messages[-1].content }}",
      "{% for m in messages %}{{ messages | length }}{{ m.content }}</s>{% endfor %}{% if add_generation_prompt %}<think>{% endif %}",
    ] {
      #expect(throws: StudentError.self) { try student(.qwen2, template) }
    }
  }

  @Test func `letters of the template are not taken for the answer`() throws {
    let student = try student(
      .qwen2,
      "{% for m in messages %}{{ '<box>' if m.role == 'assistant' else 'user: ' }}{{ m.content }}</s>{% endfor %}")
    let tree = try student.tree(question: "Is it?", images: [], answers: ["Yes"])
    #expect(text(student, tree.answers[0]) == "<box>Yes</s>")
    #expect(student.answerOpening == "<box>" && student.text(of: Array(tree.answers[0].dropLast())) == "Yes")
  }

  @Test func `a beginning of an answer has nothing of what closes the turn`() throws {
    // As in Llama 2's template: a space before the end of the turn.
    let student = try student(
      .qwen2,
      "{% for m in messages %}{{ ('[INST] ' + m.content + ' [/INST]') if m.role == 'user' else (' ' + m.content + ' </s>') }}{% endfor %}"
    )
    let tree = try student.tree(question: "Is it?", images: [], answers: ["Yes", "No"])
    #expect(tree.answers.map { text(student, $0) } == [" Yes </s>", " No </s>"])
    let begun = try student.tree(question: "Is it?", images: [], beginnings: ["Yes", "No"])
    #expect(begun.prompt == tree.prompt && begun.answers.map { text(student, $0) } == [" Yes", " No"])
    // Where nothing stands there they are the answers without their ends.
    let plain = try self.student(.qwen2, Self.frame)
    let whole = try plain.tree(question: "Is it?", images: [], answers: ["Yes", "No, it is not"])
    let parts = try plain.tree(question: "Is it?", images: [], beginnings: ["Yes", "No, it is not"])
    #expect(parts.answers == whole.answers.map { Array($0.dropLast()) })
  }
}

/// Tokenizers with more tokens than the model has rows.
@Suite struct TokenTableTests {
  /// Writes a folder and adds tokens to its tokenizer, one behind the other.
  private func withFolder(
    _ family: TinyFamily, adding tokens: [(text: String, isSpecial: Bool)], template: String? = nil,
    _ body: (URL, Int) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      try family.write(to: folder)
      let file = folder.appending(path: "tokenizer.json")
      let rows = try StudentFamily.configuration(contentsOf: folder).text.vocabularySize
      var json = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
      var added = try #require(json["added_tokens"] as? [[String: Any]])
      for (number, token) in tokens.enumerated() {
        added.append([
          "id": rows + number, "content": token.text, "single_word": false, "lstrip": false, "rstrip": false,
          "normalized": false, "special": token.isSpecial,
        ])
      }
      json["added_tokens"] = added
      try JSONSerialization.data(withJSONObject: json).write(to: file)
      if let template { try Data(template.utf8).write(to: folder.appending(path: "chat_template.jinja")) }
      try body(folder, rows)
    }
  }

  @Test(arguments: TinyFamily.allCases)
  func `a token without a row does no harm where no text has it`(family: TinyFamily) throws {
    // transformers 5.24.0 loads such a folder and computes; a pad token that was added later never occurs.
    let before = try family.student()
    try withFolder(family, adding: [("<pad>", true), ("<new>", false)]) { folder, rows in
      let student = try StudentFamily.student(contentsOf: folder)
      #expect(student.tokenizer.vocabularyCount == rows + 2)
      let (old, new) = (try family.trees(before)[0], try family.trees(student)[0])
      #expect(old.prompt == new.prompt && old.answers == new.answers)
      let question = try student.tree(question: "Is it?", images: [], answers: ["Yes"])
      #expect(student.logits(of: question.prompt, images: []).shape == [question.prompt.count, rows])
      // Where one does, it is named.
      let error = StudentError.tokenWithoutRow("<new>", number: rows + 1, rows: rows)
      #expect(throws: error) { try student.tree(question: "A <new> one", images: [], answers: []) }
      #expect(throws: error) { try student.tree(question: "A", images: [], answers: ["Yes", "<new>"]) }
      #expect(throws: error) { try student.ids(of: "A <new> one", images: []) }
      #expect(throws: StudentError.reservedToken("<pad>")) {
        try student.tree(question: "A <pad> one", images: [], answers: [])
      }
      #expect("\(error)".contains("<new>") && "\(error)".contains("\(rows) rows"))
    }
  }

  @Test func `a token without a row that every prompt has is refused with the folder`() throws {
    let template = "{% for m in messages %}<new>{{ m.content }}</s>{% endfor %}"
    try withFolder(.qwen2, adding: [("<new>", true)], template: template) { folder, _ in
      do {
        _ = try StudentFamily.student(contentsOf: folder)
        Issue.record("the folder was taken")
      } catch { #expect("\(error)".contains(folder.path) && "\(error)".contains("<new>"), "\(error)") }
    }
  }
}
