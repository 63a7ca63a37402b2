import Foundation
import LanguageModel
import Layers
import Tensor
import TestSupport
import Testing

/// Encoders of every family against transformers; `Golden/make_encoders.py` says how the figures were made.
@Suite struct EncoderGoldenTests {
  struct Case: Decodable, CustomTestStringConvertible {
    var name: String
    var config: String
    var ids: [Int]
    var segments: [Int]
    var texts: [[Float]]
    var tokens: [[Float]]

    var testDescription: String { name }
  }

  static let cases = goldenCases(of: "encoders", as: Case.self)

  @Test func `the golden file has every family`() {
    #expect(Self.cases.count == 9)
    for family in TextEncoderConfiguration.Family.allCases {
      #expect(Self.cases.contains { $0.name == family.rawValue }, "\(family)")
    }
  }

  @Test(arguments: cases) func `logits of texts and of tokens are those of transformers`(golden: Case) throws {
    let c = try JSONDecoder().decode(TextEncoderConfiguration.self, from: Data(golden.config.utf8))
    var generator = Tensor.Generator(seed: 1)
    var (classifier, tagger) = (SequenceClassifier(c, using: &generator), TokenClassifier(c, using: &generator))
    var waves = FamilyGoldenTests.Waves()
    classifier.visit(&waves, at: "")
    tagger.visit(&waves, at: "")
    // Beside another text, so that what one sees of the other would show.
    let texts = [TokenSequence(golden.ids, segments: golden.segments), TokenSequence([4, 2, 7])]
    let own = golden.ids.count
    expectClose(classifier(texts).rows(0..<1), Tensor(golden.texts[0], shape: [1, 3]), relative: 0, absolute: 5e-5)
    expectClose(
      tagger(texts).rows(0..<own), Tensor(golden.tokens.flatMap { $0 }, shape: [own, 3]), relative: 0, absolute: 5e-5)
  }
}
