internal import JSON
internal import Tensor

/// The keys of a GGUF file that say what a tokenizer.json says.
struct GGUFVocabulary {
  private(set) var metadata: [(key: String, value: Tensor.GGUFFile.Metadatum)] = []

  /// - Parameters:
  ///   - rows: of the model's table: a file names a token for each.
  ///   - name: what errors call the file that is written.
  /// - Throws: ``StudentError/unusableFile(_:expected:found:)`` for a tokenizer that llama.cpp has none like.
  init(_ file: JSONValue, rows: Int, name: String) throws {
    func fault(_ expected: String, _ found: String) -> StudentError {
      .unusableFile(name, expected: expected, found: found)
    }
    guard let model = file["model"], model["type"]?.string ?? "BPE" == "BPE", let vocabulary = model["vocab"]?.members
    else {
      throw fault("a tokenizer of byte pairs (BPE)", file["model"]?["type"]?.string ?? "none")
    }
    var tokens = (0..<rows).map { "[PAD\($0)]" }
    var kinds = [Int32](repeating: 5, count: rows)
    func set(_ id: Int?, _ text: String, _ kind: Int32) throws {
      guard let id, id >= 0 else { return }
      guard id < rows else { throw fault("tokens that the model has rows for, \(rows)", "\(text), number \(id)") }
      (tokens[id], kinds[id]) = (text, kind)
    }
    let hasBytes = model["byte_fallback"]?.bool ?? false
    for member in vocabulary {
      let isByte = hasBytes && member.name.utf8.count == 6 && member.name.hasPrefix("<0x") && member.name.hasSuffix(">")
      try set(member.value.spelledInteger, member.name, isByte ? 6 : 1)
    }
    let ids = Dictionary(vocabulary.map { ($0.name, $0.value.spelledInteger) }) { $1 }
    let unknown = model["unk_token"]?.string
    for token in file["added_tokens"]?.elements ?? [] {
      guard let text = token["content"]?.string else { continue }
      let kind: Int32 = hasBytes && text == unknown ? 2 : token["special"]?.bool == true ? 3 : 4
      try set((ids[text] ?? nil) ?? token["id"]?.spelledInteger, text, kind)
    }
    let merges = try (model["merges"]?.elements ?? []).map { merge -> (String, String) in
      if let pair = merge.elements, pair.count == 2, let left = pair[0].string, let right = pair[1].string {
        return (left, right)
      }
      let parts = (merge.string ?? "").split(separator: " ", omittingEmptySubsequences: false)
      guard parts.count == 2 else { throw fault("merges of two tokens", merge.text(.python())) }
      return (String(parts[0]), String(parts[1]))
    }
    func add(_ key: String, _ value: Tensor.GGUFFile.Metadatum) { metadata.append(("tokenizer.ggml.\(key)", value)) }
    if hasBytes {
      let leading =
        (file["normalizer"]?["normalizers"]?.elements ?? [file["normalizer"] ?? .null]) + [
          file["pre_tokenizer"] ?? .null
        ]
      let isSpaced = leading.contains {
        $0["type"]?.string == "Prepend"
          || $0["type"]?.string == "Metaspace" && ($0["prepend_scheme"]?.string ?? "always") != "never"
      }
      add("model", .text("llama"))
      add("pre", .text("default"))
      add("add_space_prefix", .flag(isSpaced))
      // Pairs become the piece with the best score: the one that is merged first.
      var rank: [String: Int] = [:]
      for (place, merge) in merges.enumerated() where rank[merge.0 + merge.1] == nil { rank[merge.0 + merge.1] = place }
      let last = Float(merges.count)
      add(
        "scores", .numbers(zip(tokens, kinds).map { $1 == 1 ? -Float(rank[$0] ?? merges.count) : $1 == 6 ? -last : 0 }))
    } else {
      let cut = file["pre_tokenizer"] ?? .null
      guard let pre = GGUFSplitting.name(of: cut) else {
        throw fault("a pre_tokenizer of GPT-2, SmolLM, Llama 3, Qwen 2 or Tekken", cut.text(.python()))
      }
      add("model", .text("gpt2"))
      add("pre", .text(pre))
      add("merges", .texts(merges.map { "\($0) \($1)" }))
    }
    add("tokens", .texts(tokens))
    add("token_type", .kinds(kinds))
  }
}
