import ImageDecoding
import Layers
import StudentModels
import Tensor
import TestSupport
import Testing
import Tokenization

/// Questions with images between their words. The orders are those of transformers 5.24's processors for parts in this
/// order; token ids and logits were held against it on folders of Idefics3, Qwen2-VL and LLaVA-NeXT.
@Suite struct PlacedImagesTests {
  /// SmolVLM stands for nil.
  static let families: [TinyFamily?] = [nil] + TinyFamily.readingImages

  private func student(_ family: TinyFamily?) throws -> any PretrainedStudent {
    try family?.student() ?? Tiny.student()
  }

  private func images(_ student: any PretrainedStudent, at places: [Int]) throws -> [PromptImage] {
    try places.enumerated().map { number, place in
      try student.image(Tiny.picture(UInt64(number + 1), width: 16, height: number == 0 ? 16 : 24)).at(place)
    }
  }

  /// A prompt as text, each run of image tokens and what frames it as `<n>`, n being its image's number of tokens.
  private func written(_ tree: AnswerTree, _ student: any PretrainedStudent) -> String {
    let text = student.tokenizer.decode(tree.prompt)
    let frames = #/(<fake_token_around_image>|<global-img>|<\|vision_start\|>|<\|vision_end\|>|<img>|<\/img>)/#
    var plain = text.replacing(frames, with: "")
    for image in tree.images {
      let run = String(repeating: "<image>", count: student.tokenCount(of: image))
      if let range = plain.firstRange(of: run) {
        plain.replaceSubrange(range, with: "<\(student.tokenCount(of: image))>")
      }
    }
    return plain
  }

  @Test func `images stand between the words as the template writes parts`() throws {
    let question = "Photo: \nFound: \nIs it?"
    for family in Self.families {
      let student = try student(family)
      let images = try images(student, at: [7, 15])
      let tree = try student.tree(question: question, images: images, answers: ["Yes"])
      let (a, b) = (student.tokenCount(of: images[0]), student.tokenCount(of: images[1]))
      let expected =
        switch family {
        // A turn that begins with an image has no space after "User:", one that begins with words has.
        case nil: "<|im_start|>User: Photo: <\(a)>\nFound: <\(b)>\nIs it?<end_of_utterance>\nAssistant:"
        case .qwen2VL, .qwen25VL, .qwen3VL:
          "<|im_start|>user\nPhoto: <\(a)>\nFound: <\(b)>\nIs it?<|im_end|>\n<|im_start|>assistant\n"
        case .internVL:
          "<|im_start|>user\nPhoto: <\(a)>\n\nFound: <\(b)>\n\nIs it?<|im_end|>\n<|im_start|>assistant\n"
        case .gemma3:
          "<|im_start|>user\nPhoto: \n\n<\(a)>\n\n\nFound: \n\n<\(b)>\n\n\nIs it?<|im_end|>\n<|im_start|>assistant\n"
        default: "USER: Photo: <\(a)>\n\nFound: <\(b)>\n\nIs it? ASSISTANT:"
        }
      #expect(written(tree, student) == expected)
      #expect(tree.images.map(\.height) == images.map(\.height))
      let turns = student.messages(question: question, imagesAt: [7, 15], answer: nil)
      #expect(try student.ids(of: student.rendered(turns, addingGenerationPrompt: true), images: images) == tree.prompt)
    }
  }

  @Test(arguments: families)
  func `at the beginning and at the end there is no empty text`(family: TinyFamily?) throws {
    let student = try student(family)
    let turns = student.messages(question: "Is it?", imagesAt: [0, 0, 6], answer: nil)
    #expect(turns == [.user([.image, .image, .text("Is it?"), .image])])
    #expect(student.messages(question: "", imagesAt: [0], answer: nil) == [.user([.image])])
  }

  @Test(arguments: families)
  func `a tree with two images between its words has the scores of separate sequences`(family: TinyFamily?) throws {
    try check(student(family))
    func check(_ student: some PretrainedStudent) throws {
      let trees = try [[0, 0], [0, 4], [2, 2], [3, 10]].map { places in
        try student.tree(
          question: "Is it so?!", images: images(student, at: places),
          answers: ["Yes, it is", "No", "A beach at night"])
      }
      #expect(Set(trees.map(\.prompt)).count == trees.count)
      let shared = student.logProbabilities(of: trees)
      let separate = SeparateSequences(student).logProbabilities(of: trees)
      expectClose(shared.logProbabilities, separate.logProbabilities, relative: 0, absolute: 2e-5)
      // What the prompts begin with in common is read once, and features stand for pixels.
      let kept = trees.map { tree in
        AnswerTree(prompt: tree.prompt, images: tree.images.map(student.encoded), answers: tree.answers)
      }
      let totals = separate.answerTotals().scalars
      for (a, b) in zip(student.answerTotals(of: kept, batch: 2).flatMap(\.self), totals) {
        #expect(abs(a - Double(b)) < 5e-5)
      }
      // And where an image stands tells: the same words score otherwise.
      #expect(Set(trees.indices.map { shared.logProbabilities.scalars[shared.ranges[$0][0].lowerBound] }).count == 4)
    }
  }

  @Test func `words that an image parts spell no token, and a token within one piece is refused`() throws {
    let student = try Tiny.student()
    let photo = try student.image(Tiny.picture(1))
    #expect(throws: Never.self) {
      try student.tree(question: "<im" + "age>", images: [photo.at(3)], answers: ["Yes"])
    }
    #expect(throws: StudentError.reservedToken("<image>")) {
      try student.tree(question: "a <image>", images: [photo.at(2)], answers: ["Yes"])
    }
  }
}
