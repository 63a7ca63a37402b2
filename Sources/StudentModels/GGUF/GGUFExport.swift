package import Foundation
internal import JSON
internal import LanguageModel
internal import Layers
package import Tensor
internal import Tokenization

/// A student that can be written as a GGUF file.
package protocol GGUFWritable {
  /// Writes a GGUF file, the form that llama.cpp and Ollama read, and beside it `mmproj-` and its name where the student reads
  /// images. Adapters are not part of it: merge them before.
  ///
  /// - Parameters:
  ///   - url: where to; an existing file is replaced.
  ///   - type: of the matrices: F32, F16, BF16, Q8_0, Q6_K or Q4_K. Vectors are F32, and so are matrices that Q8_0 cannot pack, and
  ///     the tower's maps of patches and places. What Q4_K cannot pack is Q5_0 or F16, and the table of tokens Q8_0;
  ///     what Q6_K cannot is Q8_0 or F16.
  /// - Throws: ``StudentError/unusableFile(_:expected:found:)`` of a student that such files have no place for, before
  ///   anything is written, or `SafetensorsError.unwritable`.
  func saveGGUF(to url: URL, as type: Tensor.GGUFFile.ElementType) throws
}

extension FamilyStudent: GGUFWritable {
  package func saveGGUF(to url: URL, as type: Tensor.GGUFFile.ElementType) throws {
    let sizes = decoder
    let architecture = try ggufArchitecture(sizes, url)
    let metadata = try ggufSizes(sizes, architecture, type) + ggufTokenizer(rows: sizes.vocabularySize, url)
    let tower = try ggufTower(url, type)
    typealias Entry = (name: String, tensor: Tensor, type: Tensor.GGUFFile.ElementType)
    var (tensors, towerTensors): ([Entry], [Entry]) = ([], [])
    switch sizes.ropeScaling {
    case .none, .linear: break
    case .llama3, .divisors:
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
      if GGUFWeights.isOfTower(name) {
        for (name, tensor) in GGUFTowerWeights.parts(of: name, tensor, deepLayers: deepLayers) {
          let isMap = !name.hasSuffix("embd.weight") && !name.hasSuffix("embd.weight.1")
          towerTensors.append((name, tensor, isMap ? type.packing(tensor.shape) : .float32))
        }
        continue
      }
      if architecture == .llama, name.contains(".attn_q.") || name.contains(".attn_k.") {
        tensor = tensor.gathered(GGUFWeights.turned(rows: tensor.shape[0], headSize: sizes.headSize))
      }
      let isTable = ["token_embd.weight", "output.weight"].contains(name)
      tensors.append((name, tensor, type.packing(tensor.shape, isTable: isTable)))
    }
    if let tower {
      let beside = url.deletingLastPathComponent().appending(path: "mmproj-\(url.lastPathComponent)")
      try Tensor.GGUFFile.write(tower, tensors: towerTensors, to: beside)
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
    case .qwen2: return sizes.ropeSections.isEmpty ? .qwen2 : .qwen2VL
    case .qwen3 where !sizes.hasAttentionBias: return sizes.ropeSections.isEmpty ? .qwen3 : .qwen3VL
    case .qwen3:
      throw StudentError.unusableFile(
        url.path, expected: "attention_bias: false of qwen3, whose attention has no offsets in GGUF files",
        found: "true")
    case .smolLM3, .gemma3:
      throw StudentError.unusableFile(
        url.path, expected: "a decoder of llama, mistral, qwen2 or qwen3 (model_type)", found: sizes.kind.rawValue)
    }
  }

  private func ggufSizes(
    _ sizes: LlamaConfiguration, _ architecture: GGUFModel.Architecture, _ type: Tensor.GGUFFile.ElementType
  ) -> [(key: String, value: Tensor.GGUFFile.Metadatum)] {
    var metadata: [(key: String, value: Tensor.GGUFFile.Metadatum)] = [
      ("general.architecture", .text(architecture.rawValue)), ("general.type", .text("model")),
      ("general.file_type", .count(type.fileType)), ("general.quantization_version", .count(2)),
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
    if !sizes.ropeSections.isEmpty {
      add("rope.dimension_sections", .kinds((sizes.ropeSections + [0]).map { Int32($0) }))
    }
    if case .linear(let factor) = sizes.ropeScaling {
      add("rope.scaling.type", .text("linear"))
      add("rope.scaling.factor", .number(Float(factor)))
    }
    if let deepLayers { add(GGUFProjector.levels, .count(UInt32(deepLayers.count))) }
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

extension Tensor.GGUFFile.ElementType {
  /// What a tensor of this shape is packed as where the file's matrices are of this type: another one where its rows are not
  /// of whole blocks, which for Q4_K and Q6_K are those that llama.cpp chooses. The table of tokens, and so the head, has 8 bits in files
  /// of Q4_K.
  func packing(_ shape: [Int], isTable: Bool = false) -> Self {
    guard shape.count > 1, let row = shape.last else { return .float32 }
    switch self {
    case .q8_0: return row % 32 == 0 ? .q8_0 : .float32
    case .q6_K: return row % 256 == 0 ? .q6_K : row % 32 == 0 ? .q8_0 : .float16
    case .q4_K:
      if isTable || row % 256 != 0 { return row % 32 != 0 ? .float16 : isTable ? .q8_0 : .q5_0 }
      return .q4_K
    default: return self
    }
  }

  /// The number by which a file says what most of its matrices are of.
  var fileType: UInt32 {
    let numbers: [Self: UInt32] = [.float32: 0, .float16: 1, .q8_0: 7, .q4_K: 14, .q6_K: 18, .bfloat16: 32]
    return numbers[self] ?? 0
  }
}
