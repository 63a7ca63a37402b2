internal import JSON

extension FieldReader {
  /// The model that this object describes.
  func model() throws -> any TokenModel {
    switch try value("type") == nil ? impliedType : string("type") {
    case "BPE": return try bytePairModel()
    case "WordPiece": return try wordPieceModel()
    case "Unigram": return try unigramModel()
    default: throw unknown("model")
    }
  }

  /// Files of early versions name no type; their fields tell.
  private var impliedType: String {
    if value("merges") != nil { return "BPE" }
    if value("max_input_chars_per_word") != nil { return "WordPiece" }
    return value("vocab")?.elements != nil ? "Unigram" : ""
  }

  private func wordPieceModel() throws -> WordPieceModel {
    let vocabulary = try vocabulary()
    // 100 in all models in use; words are divided in time that grows with the square of their length.
    let limit = try integer("max_input_chars_per_word", in: 0...1000, default: 100)
    guard let unknownID = vocabulary.id(of: try bytes("unk_token")) else {
      throw failure("unk_token", "a token of the vocabulary")
    }
    return WordPieceModel(
      vocabulary: vocabulary, unknownID: unknownID, prefix: try affix("continuing_subword_prefix"),
      maximumWordLength: limit)
  }

  private func unigramModel() throws -> UnigramModel {
    let entries = try array("vocab")
    var pieces: [(token: [UInt8], score: Double)] = []
    pieces.reserveCapacity(entries.count)
    for (index, entry) in entries.enumerated() {
      guard let token = entry[0]?.string, let score = entry[1]?.serdeDouble, entry.elements?.count == 2,
        Self.ids.contains(index)
      else {
        throw TokenizerError.invalidField(
          file: file, field: "\(path(of: "vocab"))[\(index)]", expected: "a token and its score", found: entry.summary)
      }
      pieces.append((Array(token.utf8), score))
    }
    try checkSize(pieces.lazy.map(\.token.count))
    guard let unknownID = value("unk_id")?.spelledInteger, pieces.indices.contains(unknownID) else {
      throw failure("unk_id", "the place of a token in the vocabulary")
    }
    return UnigramModel(
      pieces: pieces, unknownID: Int32(unknownID), fallsBackToBytes: try bool("byte_fallback", default: false))
  }

  /// The object `vocab` of tokens with their ids.
  func vocabulary() throws -> TokenTable {
    guard let members = value("vocab")?.members else { throw failure("vocab", "an object of tokens with their ids") }
    try checkSize(members.lazy.map(\.name.utf8.count))
    var table = TokenTable(capacity: members.count)
    for member in members {
      guard let id = member.value.spelledInteger, Self.ids.contains(id) else {
        throw TokenizerError.invalidField(
          file: file, field: "\(path(of: "vocab"))[\(member.name.debugDescription)]",
          expected: "an id from 0 to \(Self.ids.upperBound)",
          found: member.value.summary)
      }
      table.insert(Array(member.name.utf8), id: Int32(id))
    }
    return table
  }

  /// Refuses vocabularies that are too large for the tables they are kept in; those in use have up to 10 million bytes.
  private func checkSize(_ counts: some Sequence<Int>) throws {
    guard counts.reduce(0, +) <= 1 << 25 else {
      throw TokenizerError.invalidField(
        file: file, field: path(of: "vocab"), expected: "tokens of up to \(1 << 25) bytes together", found: "more")
    }
  }

  private func bytePairModel() throws -> BytePairModel {
    if let dropout = value("dropout"), dropout.double != 0 {
      throw failure("dropout", "0 or null, since tokenizing at random is for training only")
    }
    let vocabulary = try vocabulary()
    let options = BytePairModel.Options(
      unknownToken: value("unk_token") == nil ? nil : try bytes("unk_token"),
      continuingPrefix: value("continuing_subword_prefix") == nil ? [] : try affix("continuing_subword_prefix"),
      endOfWordSuffix: value("end_of_word_suffix") == nil ? [] : try affix("end_of_word_suffix"),
      fusesUnknown: try bool("fuse_unk", default: false),
      fallsBackToBytes: try bool("byte_fallback", default: false),
      ignoresMerges: try bool("ignore_merges", default: false))
    if let unknown = options.unknownToken, vocabulary.id(of: unknown) == nil {
      throw failure("unk_token", "a token of the vocabulary")
    }
    let entries = try array("merges")
    var merges = MergeTable(capacity: entries.count)
    for (rank, entry) in entries.enumerated() {
      let (left, right) = try mergePair(entry, rank)
      let merged = left + right.dropFirst(options.continuingPrefix.count)
      guard let leftID = vocabulary.id(of: left), let rightID = vocabulary.id(of: right),
        let mergedID = vocabulary.id(of: merged)
      else {
        throw TokenizerError.invalidField(
          file: file, field: "\(path(of: "merges"))[\(rank)]",
          expected: "two tokens of the vocabulary whose join is one too",
          found:
            "\(String(decoding: left, as: UTF8.self).debugDescription) and \(String(decoding: right, as: UTF8.self).debugDescription)"
        )
      }
      merges.insert(leftID, rightID, rank: rank, id: mergedID)
    }
    return BytePairModel(vocabulary: vocabulary, merges: merges, options: options)
  }

  /// A merge, written as "a b" or as ["a", "b"].
  private func mergePair(_ entry: JSONValue, _ rank: Int) throws -> (left: [UInt8], right: [UInt8]) {
    if let text = entry.string {
      let parts = text.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
      if parts.count == 2 { return (Array(parts[0]), Array(parts[1])) }
    } else if let parts = entry.elements, parts.count == 2, let left = parts[0].string, let right = parts[1].string {
      return (Array(left.utf8), Array(right.utf8))
    }
    throw TokenizerError.invalidField(
      file: file, field: "\(path(of: "merges"))[\(rank)]", expected: "two tokens", found: entry.summary)
  }
}
