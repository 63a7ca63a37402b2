import LanguageModel
import Layers
import StudentModels
import Tensor
import Testing

@Suite struct SmolVLMGenerationTests {
  /// The most probable token after the prompt, by a whole pass without a cache.
  private func next(_ student: SmolVLM, _ prompt: [Int], _ images: [PromptImage]) -> Int {
    let vocabulary = student.model.configuration.text.vocabularySize
    let tree = AnswerTree(prompt: prompt, images: images, answers: (0..<vocabulary).map { [$0] })
    let scores = student.logProbabilities(of: [tree]).logProbabilities.scalars
    return scores.indices.max { scores[$0] < scores[$1] } ?? 0
  }

  @Test func `greedy generation takes the most probable token of a whole pass each time`() throws {
    var compared = 0
    for seed in UInt64(1)...4 {
      let student = try Tiny.student(seed: seed)
      let tree = try student.tree(question: "Is it?", images: [student.image(Tiny.picture(seed))], answers: [])
      var generator = Tensor.Generator(seed: 0)
      let generation = student.generate([tree], maximumTokens: 9, sampling: Sampling(), using: &generator)[0]
      var prompt = tree.prompt
      var expected: [Int] = []
      while expected.count < 9 {
        // Tokens already spoken stand in the prompt; an image token among them would ask for an image.
        let token = next(student, prompt, tree.images)
        if token == student.endOfTurn || token == student.model.configuration.imageToken { break }
        expected.append(token)
        prompt.append(token)
      }
      #expect(Array(generation.tokens.prefix(expected.count)) == expected)
      #expect(generation.isComplete || generation.tokens.count == 9)
      compared += expected.count
    }
    #expect(compared > 9)
  }

  @Test func `unequal prompts side by side continue as each alone`() throws {
    let student = try Tiny.student(seed: 2)
    let trees = try Tiny.trees(student)
    var generator = Tensor.Generator(seed: 0)
    let together = student.generate(trees, maximumTokens: 12, sampling: Sampling(), using: &generator)
    let alone = trees.map { student.generate([$0], maximumTokens: 12, sampling: Sampling(), using: &generator)[0] }
    #expect(together == alone)
    #expect(Set(together.map(\.tokens)).count > 1)
  }

  @Test func `generation stops at the end of the turn or at the limit`() throws {
    var student = try Tiny.student()
    let tree = try student.tree(question: "Is it?", images: [], answers: [])
    var generator = Tensor.Generator(seed: 0)
    #expect(student.generate([], maximumTokens: 3, sampling: Sampling(), using: &generator).isEmpty)
    let none = student.generate([tree], maximumTokens: 0, sampling: Sampling(), using: &generator)
    #expect(none == [Generation(tokens: [], text: "", isComplete: false)])
    let four = student.generate([tree], maximumTokens: 4, sampling: Sampling(), using: &generator)[0]
    #expect(four.tokens.count == 4 && !four.isComplete)
    // With the first token of the answer as the end of turn, the answer is empty and complete.
    let stopped = student.model.continuations(
      of: [tree], stop: four.tokens[0], maximumTokens: 4, sampling: Sampling(), using: &generator)
    #expect(stopped[0].tokens.isEmpty && stopped[0].stopped)
    student.maximumTokens = 64
  }

  @Test func `sampling follows the seed, and differs between seeds`() throws {
    let student = try Tiny.student()
    let tree = try student.tree(question: "Is it?", images: [], answers: [])
    func sample(_ seed: UInt64) -> [Int] {
      var generator = Tensor.Generator(seed: seed)
      let sampling = Sampling(temperature: 2)
      return student.generate([tree], maximumTokens: 8, sampling: sampling, using: &generator)[0].tokens
    }
    #expect(sample(1) == sample(1))
    #expect(Set((0..<6).map { sample($0) }).count > 1)
    var generator = Tensor.Generator(seed: 1)
    let greedy = student.generate([tree], maximumTokens: 8, sampling: Sampling(), using: &generator)
    let narrow = student.generate(
      [tree], maximumTokens: 8, sampling: Sampling(temperature: 1, topK: 1), using: &generator)
    #expect(narrow == greedy)
  }

  @Test func `a prompt may be continued past the positions that the decoder was made for`() throws {
    let student = try Tiny.student()
    let tree = try student.tree(question: "Is it?", images: [], answers: [])
    var generator = Tensor.Generator(seed: 1)
    let long = student.generate([tree], maximumTokens: 130, sampling: Sampling(), using: &generator)[0]
    #expect(long.isComplete || long.tokens.count == 130)
  }
}
