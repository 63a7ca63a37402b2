import Foundation
import ImageDecoding
import LanguageModel
import Layers
import LoRA
import StudentModels
import Tensor
import TestSupport
import Testing

@Suite struct ImageTextMatcherTests {
  private let texts = ["Rain made the road wet.", "a dog runs", "the sun"]

  @Test func `an answer's probability is the logistic function of the cosine`() throws {
    try withTemporaryFolder { folder in
      var matcher = try TinyMatcher.matcher(in: folder)
      matcher.take(MatchDecision(scale: 12, border: 0.1))
      let images = (0..<3).map { TinyMatcher.image($0) }
      let trees = try (0..<3).map {
        try matcher.tree(question: texts[$0], images: [images[$0]], answers: ["No", "No evidence"])
      }
      let cosines = try (matcher.imageVectors(images) * matcher.textVectors(texts.map(matcher.tokens(of:))))
        .sum(along: 1).scalars
      for (cosine, probabilities) in zip(cosines, matcher.answerProbabilities(trees)) {
        let expected = 1 / (1 + exp(-12 * (Double(cosine) - 0.1)))
        #expect(abs(probabilities[0] - expected) < 1e-5 && abs(probabilities[0] + probabilities[1] - 1) < 1e-6)
      }
    }
  }

  @Test func `what stands behind an answer's words changes nothing`() throws {
    try withTemporaryFolder { folder in
      let matcher = try TinyMatcher.matcher(in: folder)
      let answers = ["No", "No. The photo shows rain.", "No evidence", "No evidence: a dog", "No evident reason"]
      let tree = try matcher.tree(question: texts[0], images: [TinyMatcher.image(1)], answers: answers)
      #expect(tree.answers[0] == tree.answers[1] && tree.answers[2] == tree.answers[3])
      #expect(tree.answers[0] == tree.answers[4] && tree.answers[0] != tree.answers[2])
      let begun = try matcher.tree(question: texts[0], images: [TinyMatcher.image(1)], beginnings: answers)
      #expect(begun.answers == tree.answers.map { Array($0.dropLast()) })
      let scores = matcher.logProbabilities(of: [tree, begun])
      let whole = scores.answerTotals().scalars
      #expect(whole[0] == whole[5] && whole[2] == whole[7] && scores.ranges[0][1].count == 2)
    }
  }

  @Test func `what a matcher can't compare is refused`() throws {
    try withTemporaryFolder { folder in
      let matcher = try TinyMatcher.matcher(in: folder)
      let image = TinyMatcher.image(1)
      #expect(throws: StudentError.unknownLabel("Maybe", known: ["No", "No evidence"])) {
        try matcher.tree(question: texts[0], images: [image], answers: ["No", "Maybe"])
      }
      #expect(throws: StudentError.empty("answer")) {
        try matcher.tree(question: texts[0], images: [image], answers: [""])
      }
      #expect(throws: StudentError.empty("question")) { try matcher.tree(question: " ", images: [image], answers: []) }
      for images in [[], [image, image]] {
        #expect {
          try matcher.tree(question: texts[0], images: images, answers: [])
        } throws: { "\($0)".contains("here there are \(images.count)") }
      }
      #expect(throws: StudentError.tooLong(tokens: 32, limit: 24, imageTokens: 0)) {
        try matcher.tree(question: String(repeating: "dog ", count: 30), images: [image], answers: [])
      }
    }
  }

  @Test func `kept features answer as pixels do, and gradients reach the tower`() throws {
    try withTemporaryFolder { folder in
      let matcher = try TinyMatcher.matcher(in: folder)
      let (first, second) = (TinyMatcher.image(1), TinyMatcher.image(2))
      func trees(_ images: [PromptImage]) throws -> [AnswerTree] {
        try zip(texts, images).map { try matcher.tree(question: $0, images: [$1], answers: ["No", "No evidence"]) }
      }
      let pixels = try matcher.logProbabilities(of: trees([first, second]))
      let mixed = try matcher.logProbabilities(of: trees([matcher.encoded(first), second]))
      expectClose(pixels.logProbabilities, mixed.logProbabilities, relative: 0, absolute: 1e-5)
      let asked = try trees([first])
      let (_, gradients) = matcher.valueAndGradients { $0.logProbabilities(of: asked).answerTotals().sum() }
      let largest = try #require(gradients["vision_model.embeddings.patch_embeddings.weight"]).scalars.map(abs).max()
      #expect(try #require(largest) > 0)
    }
  }

  @Test func `the sentence model is no parameter, and adapters leave the tower alone unless told otherwise`() throws {
    try withTemporaryFolder { folder in
      let matcher = try TinyMatcher.matcher(in: folder)
      let parts = Set(matcher.parameters().map { $0.path.split(separator: ".")[0] })
      #expect(parts == ["vision_model", "vision_projection", "image_map", "text_map", "match"])
      var configuration = LoRAConfiguration()
      configuration.rank = 2
      #expect(try matcher.planAdapters(configuration).paths == ["image_map", "text_map", "match"])
      configuration.adaptsVision = true
      #expect(try matcher.planAdapters(configuration).reachesVision)
    }
  }

  @Test func `a folder that was written is read to the bit, with its own copy of the sentence model`() throws {
    try withTemporaryFolder { folder in
      let matcher = try TinyMatcher.matcher(in: folder)
      let (home, other) = (folder.appending(path: "matcher"), folder.appending(path: "again"))
      try matcher.save(to: home)
      try FileManager.default.removeItem(at: folder.appending(path: "sentences"))
      try FileManager.default.copyItem(at: home, to: other)
      // To its own place, too.
      try ImageTextMatcher(contentsOf: home).save(to: home)
      let read = try ImageTextMatcher(contentsOf: other)
      #expect(read.configuration == matcher.configuration && ImageTextMatcher.isFolder(home))
      let tree = try matcher.tree(question: texts[0], images: [TinyMatcher.image(1)], answers: ["No"])
      for student in [read, try ImageTextMatcher(contentsOf: home)] {
        #expect(
          student.logProbabilities(of: [tree]).logProbabilities.isIdentical(
            to: matcher.logProbabilities(of: [tree]).logProbabilities))
      }
      try Data(#"{"model_type": "llava"}"#.utf8).write(to: home.appending(path: "config.json"))
      #expect(throws: StudentError.unknownFamily(home.path, found: "llava", known: ["image_text_matcher"])) {
        try ImageTextMatcher(contentsOf: home)
      }
    }
  }

  @Test func `a sentence model in a GGUF file is kept as one, and makes way for another`() throws {
    try withTemporaryFolder { folder in
      let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Golden").standardizedFileURL
      var generator = Tensor.Generator(seed: 1)
      let home = folder.appending(path: "home")
      let matcher = try ImageTextMatcher(
        TinyMatcher.configuration, sentences: golden.appending(path: "bert.gguf"), using: &generator)
      try matcher.save(to: home)
      let read = try ImageTextMatcher(contentsOf: home)
      try read.save(to: home)
      #expect(try ImageTextMatcher(contentsOf: home).tokens(of: "The dog") == matcher.tokens(of: "The dog"))
      let tree = try matcher.tree(question: "The dog", images: [TinyMatcher.image(1)], answers: ["No"])
      #expect(
        read.logProbabilities(of: [tree]).logProbabilities.isIdentical(
          to: matcher.logProbabilities(of: [tree]).logProbabilities))
      // A folder takes the file's place.
      try TinyMatcher.matcher(in: folder).save(to: home)
      #expect(!FileManager.default.fileExists(atPath: home.appending(path: "sentence_model.gguf").path))
      #expect(try ImageTextMatcher(contentsOf: home).dimensions != read.dimensions)
    }
  }

  @Test func `what is written is the more probable answer, and nothing after it`() throws {
    try withTemporaryFolder { folder in
      var matcher = try TinyMatcher.matcher(in: folder)
      let tree = try matcher.tree(question: texts[1], images: [TinyMatcher.image(4)], answers: ["No", "No evidence"])
      var generator = Tensor.Generator(seed: 0)
      for (border, word) in [(-2.0, "No"), (2.0, "No evidence")] {
        matcher.take(MatchDecision(scale: 10, border: border))
        let answers = matcher.generate([tree], maximumTokens: 5, sampling: .init(), using: &generator)
        #expect(answers.map(\.text) == [word] && answers[0].isComplete)
      }
      let continued = AnswerTree(prompt: tree.prompt + tree.answers[1].dropLast(), images: tree.images, answers: [])
      #expect(matcher.generate([continued], maximumTokens: 5, sampling: .init(), using: &generator)[0].text.isEmpty)
    }
  }

  @Test func `what a matcher decides by can be told again`() throws {
    try withTemporaryFolder { folder in
      var matcher = try TinyMatcher.matcher(in: folder)
      matcher.take(MatchDecision(scale: 12.5, border: 0.25))
      #expect(matcher.decided == MatchDecision(scale: 12.5, border: 0.25))
    }
  }
}
