import Foundation
import JSON
import StudentModels
import Tensor
import TestSupport
import Testing
import Tokenization

/// What the files of one model folder say of each other.
@Suite struct FolderAgreementTests {
  private func edit(_ url: URL, _ change: (inout [String: Any]) throws -> Void) throws {
    var object = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
    try change(&object)
    try JSONSerialization.data(withJSONObject: object).write(to: url)
  }

  @Test(arguments: TinyFamily.allCases)
  func `a whole number of config.json with a fraction is named by its path, with what is expected and found`(
    _ family: TinyFamily
  ) throws {
    let sizes: Set = ["hidden_size", "num_hidden_layers", "vocab_size", "image_token_id", "image_token_index"]
    try withTemporaryFolder { folder in
      try family.write(to: folder)
      let file = folder.appending(path: "config.json")
      let whole = try JSONParser.value(of: Array(Data(contentsOf: file)))
      var found = 0
      for path in whole.paths(to: sizes) {
        let text = whole.setting(path[...], to: .number("9.5")).text
        try Data(text.utf8).write(to: file)
        let error = try #require(throws: StudentError.self) { try StudentFamily.configuration(contentsOf: folder) }
        #expect(
          error
            == .unusableFile(
              "\(file.path): \(path.joined(separator: "."))", expected: "a whole number that fits in 64 bits",
              found: "9.5"))
        found += 1
      }
      #expect(found > 2)
      try Data("{\"model_type\": \"llama\", \"sliding_window\": 9.5}".utf8).write(to: file)
      let error = try #require(throws: StudentError.self) { try StudentFamily.configuration(contentsOf: folder) }
      #expect("\(error)".hasSuffix(": sliding_window: expected a whole number that fits in 64 bits, found 9.5"))
    }
  }

  @Test func `values of a processor's file that contradict config.json are refused, and both files are named`() throws {
    for (family, key, right, own) in [
      (TinyFamily.gemma3, "image_seq_length", 9, "mm_tokens_per_image"),
      (.internVL, "image_seq_length", 4, "downsample_ratio"), (.llava, "patch_size", 4, "vision_config.patch_size"),
      (.llavaNext, "patch_size", 4, "vision_config.patch_size"),
    ] {
      try withTemporaryFolder { folder in
        try family.write(to: folder)
        let file = folder.appending(path: "processor_config.json")
        try Data("{\"\(key)\": \(right)}".utf8).write(to: file)
        _ = try StudentFamily.student(contentsOf: folder)
        try Data("{\"\(key)\": \(right + 1)}".utf8).write(to: file)
        let error = try #require(throws: StudentError.self) { try StudentFamily.student(contentsOf: folder) }
        #expect(
          "\(error)".hasPrefix("\(file.path): \(key): expected \(right), by ") && "\(error)".contains(own)
            && "\(error)".hasSuffix(" of config.json, found \(right + 1)"), "\(error)")
      }
    }
  }

  @Test(arguments: [TinyFamily.llava, .llavaNext])
  func `a processor of LLaVA that chooses other rows of the tower is refused`(family: TinyFamily) throws {
    try withTemporaryFolder { folder in
      try family.write(to: folder)
      let file = folder.appending(path: "processor_config.json")
      try Data(#"{"vision_feature_select_strategy": "default", "num_additional_image_tokens": 1}"#.utf8).write(to: file)
      _ = try StudentFamily.student(contentsOf: folder)
      for (key, right, wrong) in [
        ("vision_feature_select_strategy", "\"default\"", "\"full\""), ("num_additional_image_tokens", "1", "0"),
      ] {
        try Data("{\"\(key)\": \(wrong)}".utf8).write(to: file)
        let error = try #require(throws: StudentError.self) { try StudentFamily.student(contentsOf: folder) }
        let expected =
          "\(file.path): \(key): expected \(right), by vision_feature_select_strategy of config.json, found "
        #expect("\(error)".hasPrefix(expected) && "\(error)".hasSuffix(wrong), "\(error)")
      }
    }
  }

  @Test func `resolutions of LLaVA-NeXT's processor are those that config.json names, in any order`() throws {
    try withTemporaryFolder { folder in
      try TinyFamily.llavaNext.write(to: folder)
      let (config, file) = (folder.appending(path: "config.json"), folder.appending(path: "preprocessor_config.json"))
      let own = try JSONParser.value(of: Array(Data(contentsOf: file)))["image_grid_pinpoints"]
      let sides = try #require(own?.elements?.map { $0.elements?.compactMap(\.integer) ?? [] })
      try edit(config) { $0["image_grid_pinpoints"] = Array(sides.reversed()) }
      _ = try StudentFamily.student(contentsOf: folder)
      try edit(config) { $0["image_grid_pinpoints"] = sides + [[64, 8]] }
      let error = try #require(throws: StudentError.self) { try StudentFamily.student(contentsOf: folder) }
      #expect(
        "\(error)".hasPrefix("\(file.path): image_grid_pinpoints: expected ")
          && "\(error)".contains("as config.json says"),
        "\(error)")
    }
  }

  @Test func `a tokenizer that ends with another token than the model's files say is a doubt`() throws {
    try withTemporaryFolder { folder in
      try TinyFamily.llama.write(to: folder)
      #expect(try TokenizerAgreement.doubts(in: folder) == [])
      let tokenizer = try Tokenizer(contentsOf: folder)
      let (end, other) = (try #require(tokenizer.id(of: "</s>")), try #require(tokenizer.id(of: "<s>")))
      let word = try #require((0..<tokenizer.vocabularyCount).last { !tokenizer.isAdded($0) })
      let config = folder.appending(path: "config.json")
      try edit(config) { $0["eos_token_id"] = [word, 99_999] }
      let doubt = try #require(try TokenizerAgreement.doubts(in: folder).first)
      #expect(
        doubt.contains("eos_token is '</s>' with the number \(end)")
          && doubt.contains("says \(word) ('\(tokenizer.token(of: word) ?? "")'), 99999 (no token of it)"), "\(doubt)")
      // Another special token is no sign of another tokenizer: Qwen3-Embedding's config.json names the end of documents.
      try edit(config) { $0["eos_token_id"] = other }
      #expect(try TokenizerAgreement.doubts(in: folder) == [])
      try edit(config) { $0["eos_token_id"] = word }
      // Either file may say it.
      try Data("{\"eos_token_id\": \(end)}".utf8).write(to: folder.appending(path: "generation_config.json"))
      #expect(try TokenizerAgreement.doubts(in: folder) == [])
      try edit(config) { $0["vocab_size"] = 4_000 }
      #expect(try TokenizerAgreement.doubts(in: folder).first?.contains("says vocab_size 4000") == true)
      try edit(config) { $0["vocab_size"] = tokenizer.vocabularyCount - 1 }
      #expect(try TokenizerAgreement.doubts(in: folder) == [])
      try edit(config) { $0["vocab_size"] = 9 }
      #expect(try TokenizerAgreement.doubts(in: folder).first?.contains("says vocab_size 9") == true)
    }
  }

  @Test(arguments: TinyFamily.allCases)
  func `honest folders leave no doubt, and a word of texts in the place of the token for images is one`(
    _ family: TinyFamily
  ) throws {
    try withTemporaryFolder { folder in
      try family.write(to: folder)
      #expect(try TokenizerAgreement.doubts(in: folder) == [])
      let tokenizer = try Tokenizer(contentsOf: folder)
      let word = try #require((0..<tokenizer.vocabularyCount).last { !tokenizer.isAdded($0) })
      let file = folder.appending(path: "config.json")
      let config = try JSONParser.value(of: Array(Data(contentsOf: file)))
      guard let key = ["image_token_id", "image_token_index"].first(where: { config[$0] != nil }) else { return }
      try edit(file) { $0[key] = word }
      #expect(
        try TokenizerAgreement.doubts(in: folder).first?.contains("config.json gives images the token \(word)") == true)
    }
  }

  @Test(arguments: ["processor_config.json", "tokenizer_config.json"])
  func `a token for images that is another than config.json's is refused, and both files are named`(
    _ name: String
  ) throws {
    try withTemporaryFolder { folder in
      try TinyFamily.llava.write(to: folder)
      let file = folder.appending(path: name)
      if !FileManager.default.fileExists(atPath: file.path) { try Data("{}".utf8).write(to: file) }
      try edit(file) { $0["image_token"] = "<image>" }
      _ = try StudentFamily.student(contentsOf: folder)
      try edit(file) { $0["image_token"] = "<s>" }
      let error = try #require(throws: StudentError.self) { try StudentFamily.student(contentsOf: folder) }
      #expect(
        "\(error)".hasPrefix("\(file.path): image_token: expected '<image>', whose number ")
          && "\(error)".contains("config.json gives for images, found '<s>'"), "\(error)")
    }
  }

  @Test func `what is stored of a head says whether it is the token table`() throws {
    for family in [TinyFamily.internVL, .llama] {
      try withTemporaryFolder { folder in
        try family.write(to: folder)
        // Where InternVL's file says nothing, transformers ties; the stored head has values of its own.
        if family == .internVL { try edit(folder.appending(path: "config.json")) { $0["tie_word_embeddings"] = nil } }
        let isStored = try Tensor.SafetensorsFolder(contentsOf: folder).names.contains {
          $0.hasSuffix("lm_head.weight")
        }
        #expect(try StudentFamily.student(contentsOf: folder).isHeadTable == !isStored)
      }
    }
  }
}

extension JSONValue {
  /// The paths of members of these names with whole numbers, at any depth.
  fileprivate func paths(to names: Set<String>) -> [[String]] {
    (members ?? []).flatMap { member in
      (names.contains(member.name) && member.value.integer != nil ? [[member.name]] : [])
        + member.value.paths(to: names).map { [member.name] + $0 }
    }
  }

  fileprivate func setting(_ path: ArraySlice<String>, to value: JSONValue) -> JSONValue {
    guard let name = path.first else { return value }
    return .object(
      (members ?? []).map {
        $0.name == name ? Member(name, $0.value.setting(path.dropFirst(), to: value)) : $0
      })
  }
}
