package import Foundation
internal import JSON
internal import LanguageModel
internal import Layers
package import Tensor
internal import Tokenization

extension FamilyStudent where Model == TextDecoderModel {
  /// Writes a GGUF file, the form that llama.cpp and Ollama read. Adapters are not part of it: merge them before.
  ///
  /// - Parameters:
  ///   - url: where to; an existing file is replaced.
  ///   - type: of the matrices: F32, F16, BF16 or Q8_0. Vectors are F32, and so are matrices that Q8_0 cannot pack.
  /// - Throws: ``StudentError/unusableFile(_:expected:found:)`` of a decoder or a tokenizer that such files have no place for,
  ///   or `SafetensorsError.unwritable`.
  package func saveGGUF(to url: URL, as type: Tensor.GGUFFile.ElementType) throws {
    let sizes = decoder
    let architecture = try ggufArchitecture(sizes, url)
    let metadata = try ggufSizes(sizes, architecture, type) + ggufTokenizer(rows: sizes.vocabularySize, url)
    var tensors: [(name: String, tensor: Tensor, type: Tensor.GGUFFile.ElementType)] = []
    if case .llama3 = sizes.ropeScaling {
      let pairs = sizes.ropeScaling.divisors(base: sizes.ropeBase, headSize: sizes.headSize).map { Float($0) }
      tensors.append(("rope_freqs.weight", Tensor(pairs, shape: [pairs.count]), .float32))
    }
    for (path, parameter) in model.parameters() {
      let name = GGUFWeights.name(of: path)
      guard name != path else {
        throw StudentError.unusableFile(
          url.path, expected: "a decoder whose adapters are merged, of tensors that GGUF names", found: path)
      }
      var tensor = parameter.value.detached()
      if architecture == .llama, name.contains(".attn_q.") || name.contains(".attn_k.") {
        tensor = tensor.gathered(GGUFWeights.turned(rows: tensor.shape[0], headSize: sizes.headSize))
      }
      let isPlain = tensor.rank < 2 || type == .q8_0 && tensor.shape[1] % 32 != 0
      tensors.append((name, tensor, isPlain ? .float32 : type))
    }
    try Tensor.GGUFFile.write(metadata, tensors: tensors, to: url)
  }

  private func ggufArchitecture(_ sizes: LlamaConfiguration, _ url: URL) throws -> GGUFModel.Architecture {
    if let window = (0..<sizes.layers).compactMap({ sizes.window(ofLayer: $0) }).first(where: {
      $0 < sizes.maxPositions
    }) {
      throw StudentError.unusableFile(
        url.path, expected: "a decoder that sees all of its \(sizes.maxPositions) tokens",
        found: "a window of \(window)")
    }
    switch sizes.kind {
    // Mistral without a window is Llama.
    case .llama, .mistral: return .llama
    case .qwen2: return .qwen2
    case .qwen3 where !sizes.hasAttentionBias: return .qwen3
    default:
      throw StudentError.unusableFile(
        url.path, expected: "a decoder of llama, mistral, qwen2 or qwen3, without offsets in the last",
        found: sizes.kind.rawValue)
    }
  }

  private func ggufSizes(
    _ sizes: LlamaConfiguration, _ architecture: GGUFModel.Architecture, _ type: Tensor.GGUFFile.ElementType
  ) -> [(key: String, value: Tensor.GGUFFile.Metadatum)] {
    let numbers: [Tensor.GGUFFile.ElementType: UInt32] = [.float32: 0, .float16: 1, .q8_0: 7, .bfloat16: 32]
    var metadata: [(key: String, value: Tensor.GGUFFile.Metadatum)] = [
      ("general.architecture", .text(architecture.rawValue)), ("general.type", .text("model")),
      ("general.file_type", .count(numbers[type] ?? 0)), ("general.quantization_version", .count(2)),
    ]
    func add(_ key: String, _ value: Tensor.GGUFFile.Metadatum) {
      metadata.append(("\(architecture.rawValue).\(key)", value))
    }
    add("context_length", .count(UInt32(clamping: sizes.maxPositions)))
    add("embedding_length", .count(UInt32(sizes.hiddenSize)))
    add("block_count", .count(UInt32(sizes.layers)))
    add("feed_forward_length", .count(UInt32(sizes.intermediateSize)))
    add("attention.head_count", .count(UInt32(sizes.heads)))
    add("attention.head_count_kv", .count(UInt32(sizes.keyValueHeads)))
    add("attention.key_length", .count(UInt32(sizes.headSize)))
    add("attention.value_length", .count(UInt32(sizes.headSize)))
    add("attention.layer_norm_rms_epsilon", .number(sizes.epsilon))
    add("rope.dimension_count", .count(UInt32(sizes.headSize)))
    add("rope.freq_base", .number(Float(sizes.ropeBase)))
    if case .linear(let factor) = sizes.ropeScaling {
      add("rope.scaling.type", .text("linear"))
      add("rope.scaling.factor", .number(Float(factor)))
    }
    add("vocab_size", .count(UInt32(sizes.vocabularySize)))
    return metadata
  }

  /// The tokenizer's keys, from tokenizer.json as it was read.
  private func ggufTokenizer(rows: Int, _ url: URL) throws -> [(key: String, value: Tensor.GGUFFile.Metadatum)] {
    guard let data = files["tokenizer.json"] else {
      throw StudentError.unusableFile(url.path, expected: "a student with a tokenizer.json", found: "none")
    }
    let file = try tokenizerJSON(Array(data), file: "tokenizer.json")
    var metadata = try GGUFVocabulary(file, rows: rows, name: url.path).metadata
    func add(_ key: String, _ value: Tensor.GGUFFile.Metadatum) { metadata.append(("tokenizer.\(key)", value)) }
    let roles: [(String, Int?)] = [
      ("bos", tokenizer.specialTokens.beginning), ("eos", tokenizer.specialTokens.end),
      ("unknown", tokenizer.specialTokens.unknown), ("padding", tokenizer.specialTokens.padding),
      ("eot", endOfTurn == tokenizer.specialTokens.end ? nil : endOfTurn),
    ]
    for case (let role, let id?) in roles { add("ggml.\(role)_token_id", .count(UInt32(id))) }
    let (bare, framed) = (tokenizer.encode("x", addingSpecialTokens: false), tokenizer.encode("x"))
    let added = framed.count - bare.count
    let begins = added > 0 && framed.first == tokenizer.specialTokens.beginning
    let ends = added > (begins ? 1 : 0) && framed.last == tokenizer.specialTokens.end
    guard added == (begins ? 1 : 0) + (ends ? 1 : 0) else {
      throw StudentError.unusableFile(
        url.path, expected: "a tokenizer that puts bos_token before texts, eos_token behind them, or nothing",
        found: "\(framed.count - bare.count) tokens around a text")
    }
    add("ggml.add_bos_token", .flag(begins))
    add("ggml.add_eos_token", .flag(ends))
    if let template = format.template { add("chat_template", .text(template.source)) }
    return metadata
  }
}
