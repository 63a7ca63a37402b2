package import Foundation
package import LanguageModel
internal import Layers
internal import Tensor
internal import Tokenization

/// What gives the hidden rows of texts: an encoder, or a decoder, whose rows see what stands before them, or all as those of
/// EmbeddingGemma do.
package enum SentenceNetwork: Sendable {
  case encoder(TextEncoder)
  case decoder(Llama)

  /// Elements of a row.
  var width: Int {
    switch self {
    case .encoder(let encoder): encoder.configuration.hiddenSize
    case .decoder(let decoder): decoder.configuration.hiddenSize
    }
  }

  /// Hidden rows of the last layer, [tokens of all texts, width], text after text.
  func rows(_ texts: [TokenSequence]) -> Tensor {
    switch self {
    case .encoder(let encoder): encoder(texts)
    case .decoder(let decoder): decoder.rows(texts, keeping: nil)
    }
  }

  /// The row of each text's first token, [texts, width]; no text is empty.
  func firstRows(_ texts: [TokenSequence]) -> Tensor {
    switch self {
    case .encoder(let encoder): encoder.firstRows(texts)
    case .decoder(let decoder) where decoder.configuration.seesBothWays:
      decoder.rows(texts, keeping: texts.indices.map { texts[..<$0].reduce(0) { $0 + $1.count } })
    // It sees nothing but itself.
    case .decoder(let decoder): decoder.rows(texts.map { TokenSequence(Array($0.ids.prefix(1))) }, keeping: nil)
    }
  }

  /// The row of each text's last token, [texts, width]; no text is empty.
  func lastRows(_ texts: [TokenSequence]) -> Tensor {
    var at = -1
    let lasts = texts.map { text in
      at += text.count
      return at
    }
    return switch self {
    case .encoder(let encoder): encoder(texts).gathered(lasts)
    case .decoder(let decoder): decoder.rows(texts, keeping: lasts)
    }
  }

  /// Refuses weights that are no numbers.
  ///
  /// - Parameter model: the folder or the file that they were read from.
  /// - Throws: `NonFiniteWeight`, which names the file.
  func refuseNonFiniteWeights(of model: URL) throws {
    switch self {
    case .encoder(let encoder): try encoder.refuseNonFiniteWeights(of: model)
    case .decoder(let decoder): try decoder.refuseNonFiniteWeights(of: model)
    }
  }

  func reader(_ tokenizer: Tokenizer, limit: Int?, name: String) throws -> TextReader {
    switch self {
    case .encoder(let encoder): try TextReader(tokenizer, for: encoder.configuration, limit: limit, name: name)
    case .decoder(let decoder): try TextReader(tokenizer, for: decoder.configuration, limit: limit, name: name)
    }
  }
}

extension SentenceNetwork {
  /// The network of a model folder, whatever head the folder has.
  ///
  /// - Throws: ``StudentError/unknownFamily(_:found:known:)`` or the error of the file that can't be used.
  init(contentsOf folder: URL) throws {
    let type = try modelType(of: folder)
    let weights = { try Tensor.SafetensorsFolder(contentsOf: folder) }
    if TextEncoderConfiguration.Family(rawValue: type) != nil {
      let configuration: TextEncoderConfiguration = try readJSON(folder.appending(path: "config.json"))
      self = .encoder(try TextEncoder(configuration, from: weights()))
    } else if TextDecoderConfiguration.modelTypes.contains(type) {
      self = .decoder(try Llama(ReadingDecoder(contentsOf: folder).text, from: weights()))
    } else {
      let encoders = TextEncoderConfiguration.Family.allCases.map(\.rawValue)
      throw StudentError.unknownFamily(
        folder.path, found: type, known: encoders + TextDecoderConfiguration.modelTypes)
    }
  }
}

/// The config.json of a decoder that reads texts and writes none: its rows may see both ways.
package struct ReadingDecoder: Decodable {
  package let text: LlamaConfiguration

  package init(from decoder: any Decoder) throws {
    text = try LlamaConfiguration(from: ConfigJSON(decoder), takesBothWays: true)
  }

  /// - Throws: ``StudentError/unusableFile(_:expected:found:)``.
  package init(contentsOf folder: URL) throws { self = try readJSON(folder.appending(path: "config.json")) }
}

extension Llama {
  /// The decoder of a folder with or without an output head, whose names begin with `model.` or not.
  fileprivate init(_ configuration: LlamaConfiguration, from folder: Tensor.SafetensorsFolder) throws {
    var generator = Tensor.Blank()
    self.init(configuration, using: &generator)
    let prefix = folder.shape(of: "embed_tokens.weight") == nil ? "model." : ""
    try loadWeights(
      from: folder, renaming: { prefix + $0 },
      ignoring: { $0 == "lm_head.weight" || $0.hasSuffix("rotary_emb.inv_freq") })
  }

  /// Hidden rows after the last norm, of all tokens or of those at some places.
  fileprivate func rows(_ texts: [TokenSequence], keeping places: [Int]?) -> Tensor {
    let counts = texts.map(\.count)
    let layout: AttentionLayout =
      configuration.seesBothWays
      ? .full(counts) : .trees(counts.map { AttentionLayout.Tree(prompt: $0, answers: []) })
    let hidden = self(
      embedding(texts.flatMap(\.ids)), positions: counts.flatMap { TokenPosition.run(0..<$0) }, layout: layout,
      keeping: places)
    return normalized(hidden)
  }
}
