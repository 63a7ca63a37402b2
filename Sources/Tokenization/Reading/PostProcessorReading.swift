internal import JSON

extension FieldReader {
  /// The post-processor that this object describes.
  func postProcessor() throws -> PostProcessor {
    switch try string("type") {
    case "Sequence": return try postProcessorSequence()
    case "TemplateProcessing": return try template()
    case "BertProcessing":
      let (cls, sep) = (try specialID("cls"), try specialID("sep"))
      return PostProcessor(
        single: [.special(ids: [cls], type: 0), .text(0, type: 0), .special(ids: [sep], type: 0)],
        pair: [
          .special(ids: [cls], type: 0), .text(0, type: 0), .special(ids: [sep], type: 0), .text(1, type: 1),
          .special(ids: [sep], type: 1),
        ],
        bareTypes: [0, 1])
    case "RobertaProcessing":
      let (cls, sep) = (try specialID("cls"), try specialID("sep"))
      let first = [PostProcessor.Part.special(ids: [cls], type: 0), .text(0, type: 0), .special(ids: [sep], type: 0)]
      return PostProcessor(
        single: first,
        pair: first + [.special(ids: [sep], type: 0), .text(1, type: 0), .special(ids: [sep], type: 0)],
        bareTypes: [0, 0],
        trimsOffsets: try bool("trim_offsets", default: true) ? try bool("add_prefix_space", default: true) : nil)
    case "ByteLevel":
      return PostProcessor(
        trimsOffsets: try bool("trim_offsets", default: true) ? try bool("add_prefix_space", default: true) : nil)
    default: throw unknown("post-processor")
    }
  }

  /// Several post-processors: at most one of them may set special tokens.
  private func postProcessorSequence() throws -> PostProcessor {
    var joined = PostProcessor()
    var hasLayout = false
    for reader in try readers("processors") {
      let step = try reader.postProcessor()
      if let trims = step.trimsOffsets { joined.trimsOffsets = trims }
      if step.single != PostProcessor().single || step.pair != PostProcessor().pair {
        guard !hasLayout else { throw failure("processors", "at most one post-processor that adds special tokens") }
        hasLayout = true
        joined = PostProcessor(
          single: step.single, pair: step.pair, bareTypes: step.bareTypes, trimsOffsets: joined.trimsOffsets)
      }
    }
    return joined
  }

  /// The id of a pair such as ["[SEP]", 102].
  private func specialID(_ field: String) throws -> Int {
    guard let id = value(field)?[1]?.spelledInteger, Self.ids.contains(id) else {
      throw failure(field, "a token and its id")
    }
    return id
  }

  private func template() throws -> PostProcessor {
    let single = try templateParts("single")
    let pair = value("pair") == nil ? PostProcessor().pair : try templateParts("pair")
    return PostProcessor(single: single, pair: pair)
  }

  private func templateParts(_ field: String) throws -> [PostProcessor.Part] {
    // Layouts in use have up to 10 parts, and a special token is one id.
    guard try array(field).count <= 64 else { throw failure(field, "up to 64 parts") }
    return try readers(field).map { part in
      if let text = try part.reader("Sequence") {
        switch try text.string("id") {
        case "A": return .text(0, type: try text.integer("type_id", in: Self.ids, default: 0))
        case "B" where field == "pair": return .text(1, type: try text.integer("type_id", in: Self.ids, default: 0))
        default: throw text.failure("id", field == "pair" ? "\"A\" or \"B\"" : "\"A\"")
        }
      }
      guard let special = try part.reader("SpecialToken") else {
        throw failure(field, "parts of Sequence and SpecialToken")
      }
      let name = try special.string("id")
      let ids = value("special_tokens")?[name]?["ids"]?.elements?.compactMap(\.spelledInteger) ?? []
      guard (1...64).contains(ids.count), ids.allSatisfy(Self.ids.contains) else {
        throw TokenizerError.invalidField(
          file: file, field: path(of: "special_tokens"), expected: "the ids of \(name.debugDescription)", found: "none")
      }
      return .special(ids: ids, type: try special.integer("type_id", in: Self.ids, default: 0))
    }
  }
}
