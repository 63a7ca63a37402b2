package import Foundation
package import ImageDecoding
package import LanguageModel
package import Layers
package import Tensor
internal import Tokenization
internal import VisionEncoder

/// A student that says whether a text belongs to an image, and nothing else: a convolutional tower whose vectors lie in the
/// space of a sentence model, which stays as it was published.
///
/// Two answers are all that it has; what stands behind an answer's words, a rationale, is not learned and not written. Its
/// tokens of a question are the sentence model's, and of an answer a number for either of the two and one for the end.
///
/// ```swift
/// let matcher = try ImageTextMatcher(contentsOf: folder)
/// let tree = try matcher.tree(question: "A dog runs.", images: [matcher.image(picture)], answers: ["No", "Yes"])
/// matcher.answerProbabilities([tree])   // [[0.9, 0.1]]
/// ```
package struct ImageTextMatcher: Student, PairEncoder {
  package let configuration: ImageTextMatcherConfiguration
  let sentences: SentenceVectors
  /// The folder or GGUF file of the sentence model.
  let sentenceFolder: URL
  private let processor: CLIPImageProcessor
  private var vision: ConvNeXt
  /// From the tower's vector to the sentence model's space.
  private var projection: any Projection
  /// Both begin as the identity: what adapters change of the two sides without going through the tower.
  private var imageMap: any Projection
  private var textMap: any Projection
  /// From the cosine, ten times, and 1 to the logits of match and mismatch.
  private var decision: any Projection

  /// The longest text in tokens, special ones included. By default the sentence model's limit.
  package var maximumTokens: Int

  /// A matcher with random weights in its tower.
  ///
  /// - Parameters:
  ///   - folder: of the sentence model, or its GGUF file.
  /// - Throws: what reading the sentence model throws.
  package init(
    _ configuration: ImageTextMatcherConfiguration, sentences folder: URL,
    using generator: inout some RandomNumberGenerator
  ) throws {
    let embedder = try SentenceEmbedder(contentsOf: folder)
    let width = embedder.dimensions
    self.configuration = configuration
    (sentences, sentenceFolder, maximumTokens) = (SentenceVectors(embedder), folder, embedder.maximumTokens)
    processor = CLIPImageProcessor(configuration.processing)
    vision = ConvNeXt(configuration.vision, using: &generator)
    projection = Linear(
      inputDimensions: configuration.vision.width, outputDimensions: width, bias: false, using: &generator)
    imageMap = Linear(weight: .identity(width))
    textMap = Linear(weight: .identity(width))
    decision = Linear(weight: .zeros([2, 2]))
    take(MatchDecision(scale: 20, border: 0))
  }

  /// Elements of the vectors that are compared.
  package var dimensions: Int { sentences.embedder.dimensions }

  /// The tokens of a text; nothing is cut.
  ///
  /// - Throws: ``StudentError/empty(_:)``, ``StudentError/tooLong(tokens:limit:imageTokens:)`` or
  ///   ``StudentError/tokenWithoutRow(_:number:rows:)``.
  package func tokens(of text: String) throws -> [Int] {
    guard text.contains(where: { !$0.isWhitespace }) else { throw StudentError.empty("question") }
    let embedder = sentences.embedder
    let count = embedder.tokenizer.encode(embedder.prompt + text).count
    guard count <= maximumTokens else {
      throw StudentError.tooLong(tokens: count, limit: maximumTokens, imageTokens: 0)
    }
    return try embedder.encoding(of: text).ids
  }

  package func image(_ image: RGBImage) throws -> PromptImage {
    let processed = processor.process(image)
    return PromptImage(.pixels(processed.pixels), width: image.width, height: image.height)
  }

  package func encoded(_ image: PromptImage) -> PromptImage {
    guard case .pixels(let pixels) = image.content else { return image }
    var result = image
    result.content = .features(projection(vision(pixels)).detached())
    return result
  }

  /// The tokens of a question about one image, and of answers that begin with the matcher's own words.
  ///
  /// - Throws: ``StudentError``: no text or too much of it, not exactly one image, or an answer that begins otherwise.
  package func tree(question: String, images: [PromptImage], answers: [String]) throws -> AnswerTree {
    guard images.count == 1 else {
      throw StudentError.unusableImage(
        "a matcher compares a text with one image, and here there are \(images.count); take a student that writes")
    }
    return AnswerTree(
      prompt: try tokens(of: question), images: images,
      answers: try answers.map { [try answerToken(of: $0), endToken] })
  }

  package func logProbabilities(of trees: [AnswerTree]) -> AnswerScores {
    guard !trees.isEmpty else {
      return AnswerScores(logProbabilities: .zeros([0]), ranges: [], entropies: [], isGreedy: [])
    }
    let scores = logits(of: trees).logSoftmax()
    let values = scores.detached()
    // What follows an answer's words is certain: its place is the last.
    let end = 2 * trees.count
    var (places, ranges) = ([Int](), [[Range<Int>]]())
    for (number, tree) in trees.enumerated() {
      ranges.append(
        tree.answers.map { answer in
          let first = places.count
          places += answer.map { $0 == endToken ? end : 2 * number + ($0 - firstAnswer) }
          return first..<places.count
        })
    }
    func figure(_ place: Int, _ body: (Int) -> Float) -> Float { place == end ? 0 : body(place / 2) }
    return AnswerScores(
      logProbabilities: Tensor.concatenated([scores.reshaped([-1, 1]), .zeros([1, 1])]).gathered(places).reshaped([-1]),
      ranges: ranges,
      entropies: places.map {
        figure($0) { row in -(0..<2).reduce(0) { $0 + exp(values[row, $1]) * values[row, $1] } }
      },
      isGreedy: places.map { $0 == end || values[$0 / 2, $0 % 2] >= values[$0 / 2, 1 - $0 % 2] })
  }

  /// The more probable of the two answers; behind an answer's words there is nothing.
  package func generate(
    _ prompts: [AnswerTree], maximumTokens: Int, sampling: Sampling, using generator: inout Tensor.Generator
  ) -> [Generation] {
    prompts.map { prompt in
      if let last = prompt.prompt.last, last >= firstAnswer {
        return Generation(tokens: [], text: "", isComplete: true)
      }
      let logits = logits(of: [prompt]).detached()
      let number = logits[0, 0] >= logits[0, 1] ? 0 : 1
      return Generation(
        tokens: [firstAnswer + number], text: configuration.answers.words[number], isComplete: true)
    }
  }

  /// Vectors before the maps, which adapters change.
  package func imageVectors(_ images: [PromptImage]) -> Tensor { unit(features(of: images)) }

  /// The sentence model's vectors; nothing of them is trained.
  package func textVectors(_ texts: [[Int]]) -> Tensor { sentences.vectors(texts) }

  /// Shows `vision_model`, `vision_projection`, `image_map`, `text_map` and `match`. The sentence model is not shown: it is
  /// not trained.
  package mutating func visit(_ visitor: inout some ModuleVisitor, at path: String) {
    vision.visit(&visitor, at: path.appending(component: "vision_model"))
    visitor.visit(projection: &projection, at: path.appending(component: "vision_projection"))
    visitor.visit(projection: &imageMap, at: path.appending(component: "image_map"))
    visitor.visit(projection: &textMap, at: path.appending(component: "text_map"))
    visitor.visit(projection: &decision, at: path.appending(component: "match"))
  }

  /// By which cosine the two are told apart, before any adapter; nil where training has made it another map.
  package var decided: MatchDecision? {
    let weight = decision.effectiveWeight().scalars
    guard weight.count == 4, weight[0] == -weight[2], weight[1] == -weight[3] else { return nil }
    let scale = Double(weight[0]) * 20
    return MatchDecision(scale: scale, border: scale == 0 ? 0 : -2 * Double(weight[1]) / scale)
  }

  /// Takes up by which cosine the two are told apart.
  package mutating func take(_ decided: MatchDecision) {
    let (slope, offset) = (Float(decided.scale / 20), Float(decided.scale * decided.border / 2))
    decision = Linear(weight: Tensor([slope, -offset, -slope, offset], shape: [2, 2]))
  }

  /// The logits of match and mismatch, [trees, 2].
  private func logits(of trees: [AnswerTree]) -> Tensor {
    let images = unit(imageMap(unit(features(of: trees.flatMap(\.images)))))
    let texts = unit(textMap(sentences.vectors(trees.map { $0.prompt.filter { $0 < firstAnswer } })))
    let cosines = (images * texts).sum(along: 1)
    // [10 cosine, 1], row by row.
    let columns = Tensor.concatenated([(cosines * 10).reshaped([1, -1]), .ones([1, trees.count])])
    return decision(columns.transposed())
  }

  /// [images, width]; all pixels go through the tower together.
  private func features(of images: [PromptImage]) -> Tensor {
    var pixels: [Tensor] = []
    var order: [Int] = []
    var known: [Tensor] = []
    for image in images {
      switch image.content {
      case .pixels(let tensor):
        order.append(pixels.count)
        pixels.append(tensor)
      case .features(let tensor):
        order.append(-1 - known.count)
        known.append(tensor)
      }
    }
    let computed = pixels.isEmpty ? [] : [projection(vision(.concatenated(pixels)))]
    return Tensor.concatenated(computed + known).gathered(order.map { $0 >= 0 ? $0 : pixels.count - 1 - $0 })
  }

  private func unit(_ rows: Tensor) -> Tensor {
    rows / ((rows * rows).sum(along: 1, keepingAxis: true) + 1e-12).squareRoot()
  }

  /// The token of a match, above all of a tokenizer; that of a mismatch follows, and then the end.
  private var firstAnswer: Int { 1 << 30 }
  private var endToken: Int { firstAnswer + 2 }

  /// The token of the answer whose words a text begins with.
  private func answerToken(of text: String) throws -> Int {
    guard let found = configuration.answers.number(of: text) else {
      if text.isEmpty { throw StudentError.empty("answer") }
      throw StudentError.unknownLabel(text, known: configuration.answers.words)
    }
    return firstAnswer + found
  }
}

extension Tensor {
  /// The square matrix that changes nothing.
  fileprivate static func identity(_ size: Int) -> Tensor {
    Tensor(shape: [size, size]) { out in
      out.update(repeating: 0)
      for i in 0..<size { out[i * size + i] = 1 }
    }
  }
}
