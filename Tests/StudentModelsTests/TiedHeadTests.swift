import Foundation
import LanguageModel
import Layers
import LoRA
import StudentModels
import Tensor
import TestSupport
import Testing

/// Folders whose config.json ties the output head to the token table.
@Suite struct TiedHeadTests {
  private func edit(_ url: URL, _ change: (inout [String: Any]) throws -> Void) throws {
    var object = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
    try change(&object)
    try JSONSerialization.data(withJSONObject: object).write(to: url)
  }

  private func editWeights(_ folder: URL, _ change: (inout [String: Tensor]) throws -> Void) throws {
    let url = folder.appending(path: "model.safetensors")
    let file = try Tensor.SafetensorsFile(contentsOf: url)
    var tensors = try Dictionary(
      uniqueKeysWithValues: file.names.map {
        ($0, Tensor(try file.tensor(named: $0).scalars, shape: file.shape(of: $0) ?? []))
      })
    try change(&tensors)
    try Tensor.writeSafetensors(tensors, to: url)
  }

  private func logits(_ student: any PretrainedStudent) -> Tensor { student.logits(of: [9, 17, 40, 33], images: []) }

  private static let families: [TinyFamily] = [.llama, .qwen2VL]

  // transformers 5.24: "both are present in the checkpoints with different values, so we will NOT tie them".
  @Test(arguments: families) func `a head that is stored with other values than the table is a head of its own`(
    family: TinyFamily
  ) throws {
    try withTemporaryFolder { folder in
      let table = try #require(try family.write(to: folder).first { $0.hasSuffix("embed_tokens.weight") })
      let tied = try logits(StudentFamily.student(contentsOf: folder))
      // The same values are the table; so is a table that is stored as the head alone.
      try editWeights(folder) { $0["lm_head.weight"] = $0[table] }
      #expect(try logits(StudentFamily.student(contentsOf: folder)).isIdentical(to: tied))
      try editWeights(folder) { $0[table] = nil }
      #expect(try logits(StudentFamily.student(contentsOf: folder)).isIdentical(to: tied))
      try editWeights(folder) {
        $0[table] = $0["lm_head.weight"]
        $0["lm_head.weight"] = $0[table].map { $0 * 2 }
      }
      let apart = try StudentFamily.student(contentsOf: folder)
      #expect(logits(apart).isIdentical(to: tied * 2))
      // Written again, the folder says so.
      let again = folder.appending(path: "again")
      try apart.save(to: again)
      #expect(try StudentFamily.configuration(contentsOf: again).text.tiesEmbeddings == false)
      #expect(try logits(StudentFamily.student(contentsOf: again)).isIdentical(to: tied * 2))
      try editWeights(folder) { $0["lm_head.weight"] = .zeros([3, 32]) }
      let error = #expect(throws: WeightsError.self) { try StudentFamily.student(contentsOf: folder) }
      #expect(error.map { "\($0)" }?.contains("lm_head.weight: expected") == true)
    }
  }

  /// transformers 5.24's Qwen2VLConfig forwards what older versions said in the decoder's part.
  @Test func `the head of Qwen2-VL is tied where either part of config.json says so`() throws {
    try withTemporaryFolder { folder in
      try TinyFamily.qwen2VL.write(to: folder)
      let tied = try logits(StudentFamily.student(contentsOf: folder))
      for (outer, inner) in [(true, false), (false, true), (nil, true)] {
        try edit(folder.appending(path: "config.json")) {
          var text = try #require($0["text_config"] as? [String: Any])
          text["tie_word_embeddings"] = inner
          ($0["text_config"], $0["tie_word_embeddings"]) = (text, outer)
        }
        #expect(try logits(StudentFamily.student(contentsOf: folder)).isIdentical(to: tied))
      }
    }
  }

  // PEFT 0.21.2's merge_and_unload sets tie_word_embeddings to false where the two part (modules_to_save), and adds a
  // product on a tied head to the table as well, which its unmerged adapter did not.
  @Test(arguments: families, [("lm_head", true), ("lm_head", false), ("embed_tokens", true), ("embed_tokens", false)])
  func `a folder with a merged head or table computes what the adapter did, and says that the two are apart`(
    family: TinyFamily, change: (module: String, isSaved: Bool)
  ) throws {
    let (module, isSaved) = change
    try withTemporaryFolder { folder in
      try family.write(to: folder)
      let student = try StudentFamily.student(contentsOf: folder)
      func merged(_ student: some PretrainedStudent) throws {
        var (student, generator) = (student, Tensor.Generator(seed: 2))
        var configuration = LoRAConfiguration()
        (configuration.rank, configuration.targets) = (2, .names(isSaved ? ["q_proj"] : ["q_proj", module]))
        if isSaved { configuration.savedModules = [module] }
        #expect(try student.planAdapters(configuration).parameterCount > 0)
        let base = logits(student)
        try student.attachAdapters(configuration, using: &generator)
        #expect(logits(student).isIdentical(to: base))
        var stirrer = Stirrer()
        student.visit(&stirrer, at: "")
        let expected = logits(student)
        try student.mergeAdapters()
        let out = folder.appending(path: "out")
        try student.save(to: out)
        let read = try StudentFamily.student(contentsOf: out)
        expectClose(logits(read), expected, relative: 1e-4, absolute: 1e-4)
        #expect(!logits(read).isIdentical(to: base) && !read.decoder.tiesEmbeddings)
      }
      try merged(student)
    }
  }

  /// Adds a wave to every parameter that trains.
  private struct Stirrer: ModuleVisitor {
    mutating func visit(_ parameter: inout Parameter, at path: String) {
      guard parameter.isTrainable else { return }
      parameter.value.mutateScalars { values in
        for k in values.indices { values[k] += Float(0.1 * sin(Double(k))) }
      }
    }
  }
}
