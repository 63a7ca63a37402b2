import DualChecker
import Foundation
import LanguageModel
import TestSupport
import Testing
import TextStudents
import Tokenization
import Training

@Suite struct TokenDropoutTests {
  @Test func `tokens of a text are hidden by chance and special ones never`() throws {
    try withTemporaryFolder { folder in
      let tokenizer = try Tokenizer(contentsOf: DualCheckerFixture.encoder(in: folder))
      let text = tokenizer.encoding(of: (0..<200).map(DualCheckerFixture.text).joined(separator: " "))
      #expect(text.specialTokensMask.contains(1))
      var generator = FixedGenerator(seed: 4)
      let hidden = text.hiding(0.3, behind: 3, using: &generator)
      for place in text.ids.indices where hidden.ids[place] != text.ids[place] {
        #expect(hidden.ids[place] == 3 && text.specialTokensMask[place] == 0)
      }
      let count = Double(text.specialTokensMask.count { $0 == 0 })
      let share = Double(zip(hidden.ids, text.ids).count { $0 != $1 }) / count
      // Five standard errors of a share.
      #expect(abs(share - 0.3) < 5 * (0.3 * 0.7 / count).squareRoot())
      #expect(text.hiding(0.3, behind: 3, using: &generator) != hidden, "others at the next look")
      #expect(text.hiding(0, behind: 3, using: &generator) == text)
    }
  }

  @Test func `a training that hides tokens differs from one that does not and goes on to the same bytes`() async throws
  {
    try await withFolder { folder in
      let (task, encoder) = (try DualCheckerFixture.task(), try DualCheckerFixture.encoder(in: folder))
      let examples = try (0..<32).map(DualCheckerFixture.example)
      var options = DualCheckerFixture.options
      options.epochs = 16
      func trained(_ name: String, hiding share: Double, _ checkpoint: Checkpoint?) async throws -> Data {
        options.tokenDropout = share
        var student = try EncoderStudent(task: task, encoderIn: encoder, options: options, seed: 1)
        try await student.train(on: examples, checkpoint: checkpoint)
        try student.save(to: folder.appending(path: name))
        return try Data(contentsOf: folder.appending(path: "\(name)/model.safetensors"))
      }
      let checkpoint = Checkpoint(url: folder.appending(path: "on-the-way.safetensors"), key: "k")
      let whole = try await trained("a", hiding: 0.3, checkpoint)
      // The checkpoint that the first one left is its state after 50 of 64 updates.
      #expect(try await trained("b", hiding: 0.3, checkpoint) == whole)
      #expect(try await trained("c", hiding: 0, nil) != whole)
    }
  }

  @Test func `a vocabulary without a token that hides others is refused with the key to set`() async throws {
    try await withFolder { folder in
      let encoder = try DualCheckerFixture.encoder(.distilbert, in: folder)
      var options = DualCheckerFixture.options
      options.tokenDropout = 0.2
      // Only tokenizer.json is left, which names no roles.
      for name in ["tokenizer_config.json", "special_tokens_map.json"] {
        try? FileManager.default.removeItem(at: encoder.appending(path: name))
      }
      #expect {
        try EncoderStudent(task: DualCheckerFixture.task(), encoderIn: encoder, options: options, seed: 1)
      } throws: { "\($0)".contains("student.token_dropout") }
    }
  }
}
