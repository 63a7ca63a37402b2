import LanguageModel
import Layers
import Tensor
import Testing

@Suite struct PublicAPITests {
  @Test func `a client makes a decoder and writes with it`() {
    var c = LlamaConfiguration()
    c.hiddenSize = 8
    c.intermediateSize = 12
    c.layers = 2
    c.heads = 2
    c.keyHeads = 1
    c.headDimensions = 4
    c.vocabularySize = 11
    c.maxPositions = 16
    c.epsilon = 1e-5
    c.ropeBase = 100
    c.tiesEmbeddings = true
    #expect(c.keyValueHeads == 1 && c.headSize == 4)
    var generator = Tensor.Generator(seed: 1)
    let model = Llama(c, using: &generator)
    #expect(model.configuration == c)
    let prompt = [1, 5, 2]
    var cache = model.emptyCache(sequences: 1, capacity: 16)
    var rows = model(model.embedding(prompt), counts: [3], cache: &cache)
    var sampling = Sampling(temperature: 0.7, topP: 0.9, topK: 5)
    sampling.temperature = 1
    sampling.topP = 1
    sampling.topK = 0
    var text = prompt
    for _ in 0..<5 {
      let last = model.normalized(rows.rows((rows.shape[0] - 1)..<rows.shape[0]))
      let token = sampling.token(from: last.matmul(model.embedding.weight.value, transposeB: true), using: &generator)
      text.append(token)
      rows = model(model.embedding([token]), counts: [1], cache: &cache)
    }
    #expect(text.count == 8 && cache.lengths == [8])
    let whole = model(
      model.embedding(text), positions: TokenPosition.run(0..<8), layout: .trees([.init(prompt: 8, answers: [])]))
    #expect(whole.shape == [8, 8])
  }
}
