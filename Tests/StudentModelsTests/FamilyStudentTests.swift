import Foundation
import ImageDecoding
import LanguageModel
import Layers
import LoRA
import StudentModels
import Tensor
import TestSupport
import Testing
import Tokenization

@Suite struct FamilyStudentTests {
  @Test(arguments: TinyFamily.allCases)
  func `going on with chosen tokens is generating, as often as one likes`(family: TinyFamily) throws {
    try check(family.student(), family)
    func check(_ student: some PretrainedStudent, _ family: TinyFamily) throws {
      for tree in try family.trees(student) {
        var generator = Tensor.Generator(seed: 1)
        let own = student.generate([tree], maximumTokens: 5, sampling: Sampling(), using: &generator)[0]
        var batch = student.emptyBatch()
        student.read(tree.prompt, images: tree.images, room: 5, into: &batch)
        batch.add(batch)
        var next = batch.logits.map { $0.argmax(along: 1)[0] }
        for _ in 1..<5 where next[0] != student.endOfTurn {
          student.write(next, in: &batch)
          next = batch.logits.map { $0.argmax(along: 1)[0] }
        }
        let tokens = zip(batch.tokens, next).map { $1 == student.endOfTurn ? $0 : $0 + [$1] }
        #expect(tokens == [own.tokens, own.tokens])
        #expect(student.text(of: own.tokens) == own.text)
      }
    }
  }

  @Test(arguments: TinyFamily.allCases)
  func `the first pass over a prompt can be broken off between its layers`(family: TinyFamily) throws {
    struct Gone: Error {}
    try check(family.student(), family)
    func check(_ student: some PretrainedStudent, _ family: TinyFamily) throws {
      let tree = try #require(try family.trees(student).first)
      func first(_ proceeding: () throws -> Void) throws -> [Float] {
        var batch = student.emptyBatch()
        do {
          try student.read(tree.prompt, images: tree.images, room: 3, into: &batch, proceeding: proceeding)
        } catch {
          #expect(batch.count == 0)
          throw error
        }
        return batch.logits[0].scalars
      }
      var looks = 0
      let whole = try first { looks += 1 }
      #expect(looks >= 2 && !whole.isEmpty)
      // After any number of looks; the batch is as it was.
      for last in 1...looks {
        var count = 0
        #expect(throws: Gone.self) {
          _ = try first {
            count += 1
            if count == last { throw Gone() }
          }
        }
        #expect(count == last)
      }
      #expect(try first {} == whole)
    }
  }

  @Test(arguments: TinyFamily.allCases)
  func `a tree has the log-probabilities of separate sequences`(family: TinyFamily) throws {
    try check(family.student(), family)
    func check(_ student: some PretrainedStudent, _ family: TinyFamily) throws {
      let trees = try family.trees(student)
      let shared = student.logProbabilities(of: trees)
      let separate = SeparateSequences(student).logProbabilities(of: trees)
      #expect(shared.ranges == separate.ranges && shared.isGreedy == separate.isGreedy)
      expectClose(shared.logProbabilities, separate.logProbabilities, relative: 0, absolute: 2e-5)
      let spread = shared.logProbabilities.scalars
      #expect((spread.max() ?? 0) - (spread.min() ?? 0) > 0.1, "scores so alike that nothing could be told from them")
      // And those of the logits of the whole sequence.
      let (tree, answer) = (trees[2], trees[2].answers[0])
      let logits = student.logits(of: tree.prompt + answer, images: tree.images).logSoftmax()
      let scores = shared.logProbabilities.rows(shared.ranges[2][0]).scalars
      for (i, token) in answer.enumerated() {
        let row = logits.rows((tree.prompt.count - 1 + i)..<(tree.prompt.count + i)).scalars
        #expect(abs(row[token] - scores[i]) < 2e-5)
      }
    }
  }

  @Test(arguments: TinyFamily.allCases)
  func `a tree has the adapter gradients of separate sequences`(family: TinyFamily) throws {
    try check(family.student(), family)
    func check<Model: PretrainedStudent>(_ fresh: Model, _ family: TinyFamily) throws {
      var student = fresh
      var generator = Tensor.Generator(seed: 5)
      var configuration = LoRAConfiguration()
      configuration.adaptsVision = true
      try student.attachAdapters(configuration, using: &generator)
      student.perturbTrainable(seed: 6)
      let trees = try family.trees(student)
      let weights = randomTensor([student.logProbabilities(of: trees).logProbabilities.count], seed: 3)
      let shared = student.valueAndGradients { ($0.logProbabilities(of: trees).logProbabilities * weights).sum() }
      let separate = student.valueAndGradients {
        (SeparateSequences($0).logProbabilities(of: trees).logProbabilities * weights).sum()
      }
      #expect(shared.gradients.paths == separate.gradients.paths && !shared.gradients.paths.isEmpty)
      for (path, (a, b)) in zip(shared.gradients.paths, zip(shared.gradients.tensors, separate.gradients.tensors)) {
        let size = b.squared().sum().squareRoot().scalar
        #expect((a - b).squared().sum().squareRoot().scalar <= 2e-4 * size, "\(path)")
      }
    }
  }

  @Test(arguments: TinyFamily.allCases)
  func `activations that are computed again give gradients of the same bits`(family: TinyFamily) throws {
    try check(family.student())
    func check<Model: PretrainedStudent>(_ fresh: Model) throws {
      var student = fresh
      var generator = Tensor.Generator(seed: 5)
      var configuration = LoRAConfiguration()
      configuration.dropout = 0.2
      configuration.usesDoRA = true
      try student.attachAdapters(configuration, using: &generator)
      student.perturbTrainable(seed: 6)
      let trees = try family.trees(student)
      func gradients(_ student: Model) -> (value: Tensor, gradients: Gradients) {
        student.withDropout(seed: 7) { student in
          student.valueAndGradients { $0.logProbabilities(of: trees).logProbabilities.sum() }
        }
      }
      let kept = gradients(student)
      student.recomputesActivations = true
      let again = gradients(student)
      #expect(student.recomputesActivations && again.value.isIdentical(to: kept.value))
      #expect(again.gradients.paths == kept.gradients.paths && !kept.gradients.paths.isEmpty)
      for (path, (a, b)) in zip(kept.gradients.paths, zip(again.gradients.tensors, kept.gradients.tensors)) {
        #expect(a.isIdentical(to: b), "\(path)")
      }
    }
  }

  @Test(arguments: TinyFamily.allCases)
  func `generation with a cache takes the most probable token of a whole pass each time`(family: TinyFamily) throws {
    for seed in UInt64(1)...3 {
      let student = try family.student(seed: seed)
      for tree in try family.trees(student) {
        var ids = tree.prompt
        for token in student.greedyTokens(after: tree.prompt, images: tree.images, count: 6) {
          // An image token that was spoken would ask for an image.
          guard student.tokenizer.token(of: token) != "<image>" else { break }
          let last = student.logits(of: ids, images: tree.images).rows((ids.count - 1)..<ids.count).scalars
          #expect(last[token] >= (last.max() ?? 0) - 1e-4)
          ids.append(token)
        }
      }
    }
  }

  @Test(arguments: TinyFamily.allCases)
  func `unequal prompts side by side continue as each alone`(family: TinyFamily) throws {
    let student = try family.student(seed: 2)
    let trees = try family.trees(student)
    var generator = Tensor.Generator(seed: 0)
    let together = student.generate(trees, maximumTokens: 8, sampling: Sampling(), using: &generator)
    let alone = trees.map { student.generate([$0], maximumTokens: 8, sampling: Sampling(), using: &generator)[0] }
    #expect(together == alone)
    #expect(Set(together.map(\.tokens)).count > 1)
  }

  @Test(arguments: TinyFamily.readingImages)
  func `an image costs the tokens that were counted before it was read`(family: TinyFamily) throws {
    let student = try family.student()
    for (width, height) in [(1, 1), (16, 16), (30, 9), (9, 31), (100, 3), (5, 80)] {
      let image = try student.image(Tiny.picture(3, width: width, height: height))
      let blank = try student.blankImage(width: width, height: height)
      let count = student.tokenCount(of: image)
      #expect(student.tokenCount(of: blank) == count && student.tokenCount(of: student.encoded(image)) == count)
      let tree = try student.tree(question: "Is it?", images: [image], answers: [])
      #expect(tree.prompt.count { student.tokenizer.token(of: $0) == "<image>" } == count)
      guard case .features(let features) = student.encoded(image).content else {
        Issue.record("encoded left pixels")
        continue
      }
      let levels = family == .qwen3VL ? 3 : 1
      #expect(features.shape == [count, student.decoder.hiddenSize * levels] && !features.isTracked)
    }
  }

  @Test(arguments: TinyFamily.readingImages)
  func `a folder's configuration counts an image's tokens without its weights`(family: TinyFamily) throws {
    try withTemporaryFolder { folder in
      try family.write(to: folder)
      let configuration = try StudentFamily.configuration(contentsOf: folder)
      let student = try StudentFamily.student(contentsOf: folder)
      let sizes: [(width: Int, height: Int)] = [(16, 16), (30, 9), (9, 31), (640, 480)]
      let told = try configuration.imageTokens(of: sizes, processorOf: folder)
      let own = try sizes.map { student.tokenCount(of: try student.blankImage(width: $0.width, height: $0.height)) }
      #expect(told == own)
    }
  }

  @Test func `a head that is the embedding table stays the base's where an adapter trains the table`() throws {
    var text = LlamaConfiguration()
    (text.hiddenSize, text.intermediateSize, text.layers, text.heads, text.keyHeads) = (8, 8, 1, 2, 1)
    (text.vocabularySize, text.tiesEmbeddings) = (11, true)
    var generator = Tensor.Generator(seed: 1)
    var model = TextDecoderModel(TextDecoderConfiguration(text), using: &generator)
    let table = model.headWeight
    var configuration = LoRAConfiguration()
    (configuration.rank, configuration.savedModules) = (2, ["embed_tokens"])
    try model.attachAdapters(configuration, using: &generator)
    var doubling = Doubling()
    model.visit(&doubling, at: "")
    #expect(model.text.embedding([3]).isIdentical(to: table.gathered([3]) * 2))
    #expect(model.headWeight.isIdentical(to: table))
    model.withoutAdapters { #expect($0.text.embedding([3]).isIdentical(to: table.gathered([3]))) }
  }

  @Test func `positions of an image go along two axes, and the text after it goes on after the largest`() throws {
    let student = try #require(TinyFamily.qwen2VL.student() as? Qwen2VL)
    let image = student.model.configuration.imageToken
    var photo = PromptImage(.pixels(.zeros([1, 3, 16, 24])), rows: 2, columns: 3)
    func position(_ time: Int, _ row: Int, _ column: Int) -> TokenPosition {
      TokenPosition(time: time, row: row, column: column)
    }
    let prompt = [1, 2] + Array(repeating: image, count: 6) + [3]
    #expect(
      student.model.positions(of: AnswerTree(prompt: prompt, images: [photo], answers: [])) == [
        0, 1, position(2, 2, 2), position(2, 2, 3), position(2, 2, 4), position(2, 3, 2), position(2, 3, 3),
        position(2, 3, 4), 5,
      ])
    (photo.rows, photo.columns) = (2, 1)
    let two = [image, image, 7, image, image, 8]
    #expect(
      student.model.positions(of: AnswerTree(prompt: two, images: [photo, photo], answers: [])) == [
        0, position(0, 1, 0), 2, 3, position(3, 4, 3), 5,
      ])
  }

  @Test func `an image too long for the family is refused, and a family without images takes none`() throws {
    let qwen = try TinyFamily.qwen2VL.student()
    #expect(throws: StudentError.self) { try qwen.image(RGBImage(width: 201, height: 1, fill: .init(1, 2, 3))) }
    let llama = try TinyFamily.llama.student()
    let photo = PromptImage(.features(.zeros([2, 32])))
    #expect(throws: StudentError.readsNoImages) { try llama.image(Tiny.picture(1)) }
    #expect(throws: StudentError.readsNoImages) { try llama.blankImage(width: 1, height: 1) }
    #expect(throws: StudentError.readsNoImages) { try llama.tree(question: "a", images: [photo], answers: []) }
    #expect(llama.tower == nil && qwen.tower != nil)
  }
}

/// Makes every trainable parameter twice as large.
private struct Doubling: ModuleVisitor {
  mutating func visit(_ parameter: inout Parameter, at path: String) {
    if parameter.isTrainable { parameter.value = parameter.value * 2 }
  }
}
