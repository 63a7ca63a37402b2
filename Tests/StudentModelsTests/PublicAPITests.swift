import Foundation
import ImageDecoding
import LanguageModel
import Layers
import StudentModels
import Tensor
import TestSupport
import Testing
import Tokenization
import VisionEncoder

/// The whole public surface, as a client sees it.
@Suite struct PublicAPITests {
  /// Works for any student, a third party's too.
  private func use<Model: Student>(_ student: Model) throws -> (Generation, [Double]) {
    let photo = try student.image(RGBImage(width: 16, height: 16, fill: .init(200, 10, 10)))
    let tree = try student.tree(
      question: "What is it?", images: [student.encoded(photo)], answers: ["A car", "A boat"])
    var generator = Tensor.Generator(seed: 1)
    let generation = student.generate(
      [tree], maximumTokens: 3, sampling: Sampling(temperature: 1, topP: 0.9, topK: 5), using: &generator)
    let totals = student.answerTotals(of: [tree], batch: 1)[0]
    let probabilities = student.answerProbabilities([tree])[0]
    #expect((totals[0] > totals[1]) == (probabilities[0] > probabilities[1]))
    return (generation[0], probabilities)
  }

  @Test func `every public name of the module is there`() throws {
    var sizes = SmolVLM.FreshSizes()
    (sizes.vocabularySize, sizes.hiddenSize, sizes.intermediateSize, sizes.layers) = (310, 16, 24, 1)
    (sizes.heads, sizes.keyHeads, sizes.maxPositions) = (2, 1, 96)
    (sizes.visionHiddenSize, sizes.visionIntermediateSize, sizes.visionLayers, sizes.visionHeads) = (8, 12, 1, 2)
    (sizes.imageSize, sizes.patchSize, sizes.scaleFactor) = (16, 8, 1)
    #expect(sizes.configuration.tokensPerTile == 4)
    var generator = Tensor.Generator(seed: 1)
    let student = try SmolVLM(sizes, textsForTokenizer: ["A car", "A boat"], using: &generator)
    let (generation, probabilities) = try use(student)
    #expect(
      generation == Generation(tokens: generation.tokens, text: generation.text, isComplete: generation.isComplete))
    #expect(abs(probabilities.reduce(0, +) - 1) < 1e-9)

    let model = student.model
    #expect(model.imageFeatures(.zeros([1, 3, 16, 16])).shape == [4, 16])
    #expect(model.headWeight.shape == [student.tokenizer.vocabularyCount, 16])
    #expect(model.head != nil && model.configuration.modelType == "idefics3")
    #expect(model.connector.effectiveWeight().shape == [16, 8])
    #expect(model.parameters().map(\.path).contains("model.text_model.embed_tokens.weight"))
    let tree = AnswerTree(prompt: [0], answers: [[student.endOfTurn]])
    #expect(model.logProbabilities(of: [tree]).logProbabilities.count == 1)
    let continued = model.continuations(of: [tree], stop: -1, maximumTokens: 2, sampling: Sampling(), using: &generator)
    #expect(continued[0].tokens.count == 2)
    #expect(model.text.embedding([0]).shape == [1, 16] && model.vision(.zeros([1, 3, 16, 16])).shape == [4, 8])

    let again = try SmolVLM(
      model: model, tokenizer: student.tokenizer, template: ChatTemplate(Tiny.plainTemplate),
      processor: student.processor)
    #expect(again.maximumTokens == 96)
    var image = PromptImage(.features(.zeros([2, 16])), rows: 1, columns: 2)
    image.content = .features(.zeros([1, 16]))
    #expect((image.rows, image.columns) == (1, 2))
    var configuration = SmolVLMConfiguration()
    configuration.scaleFactor = 4
    #expect(configuration != SmolVLMConfiguration())
  }

  @Test func `every error says where, what was found, and what to do`() {
    let errors: [StudentError] = [
      .unusableFile("a/config.json", expected: "x", found: "y"), .unknownFamily("a", found: "bert", known: ["llama"]),
      .missingToken("<image>", folder: "a"), .empty("answer"), .reservedToken("<image>"),
      .readsNoImages, .imageCount(expected: 1, found: 2), .tooLong(tokens: 9, limit: 8, imageTokens: 4),
    ]
    #expect(errors.map(\.description).allSatisfy { $0.count > 20 || $0.contains("expected") })
    #expect(errors[0].description == "a/config.json: expected x, found y")
    #expect(errors[7].description.contains("9 tokens (4 of them for images) are more than the 8"))
  }
}
