import Foundation
import Layers
import StudentModels
import Tensor
import TestSupport
import Testing

/// Models with a weight that is no number.
@Suite struct FiniteWeightsTests {
  /// A folder whose tensors with this ending begin with another number.
  private func write(_ value: Float, to folder: URL, at ending: String) throws {
    try StudentFamily.student(contentsOf: GGUFImageTests.file("qwen2_vl")).save(to: folder)
    let source = try Tensor.SafetensorsFolder(contentsOf: folder)
    var tensors: [String: Tensor] = [:]
    for name in source.names {
      let tensor = try source.tensor(named: name)
      var elements = tensor.scalars
      if name.hasSuffix(ending) { elements[3] = value }
      tensors[name] = Tensor(elements, shape: tensor.shape)
    }
    try Tensor.writeSafetensors(tensors, to: folder.appending(path: "model.safetensors"))
  }

  /// Gives the first tensor with this ending a number that is none.
  private func spoil(_ folder: URL, at ending: String) throws -> String {
    let source = try Tensor.SafetensorsFolder(contentsOf: folder)
    let name = try #require(source.names.first { $0.hasSuffix(ending) })
    var tensors = Dictionary(uniqueKeysWithValues: try source.names.map { ($0, try source.tensor(named: $0)) })
    var elements = try #require(tensors[name]).scalars
    elements[1] = .infinity
    tensors[name] = Tensor(elements, shape: source.shape(of: name) ?? [])
    let file = folder.appending(path: "model.safetensors")
    try Tensor.writeSafetensors(tensors, to: file)
    return file.path
  }

  @Test func `sentence models and matchers are looked through where they are read`() throws {
    try withTemporaryFolder { folder in
      let home = folder.appending(path: "matcher")
      try TinyMatcher.matcher(in: folder).save(to: home)
      let sentences = folder.appending(path: "sentences")
      let file = try spoil(sentences, at: "layer.0.attention.self.query.weight")
      let fault = #expect(throws: NonFiniteWeight.self) { try SentenceEmbedder(contentsOf: sentences) }
      #expect(fault?.file == file && fault?.value == "inf" && fault?.element == 1)
      let tower = try spoil(home, at: "vision_projection.weight")
      #expect(#expect(throws: NonFiniteWeight.self) { try ImageTextMatcher(contentsOf: home) }?.file == tower)
      _ = try spoil(home.appending(path: "sentence_model"), at: "word_embeddings.weight")
      let inner = #expect(throws: NonFiniteWeight.self) { try ImageTextMatcher(contentsOf: home) }
      #expect(inner?.file?.hasSuffix("matcher/sentence_model/model.safetensors") == true)
    }
  }

  @Test func `a weight that is no number is named with its file`() throws {
    try withTemporaryFolder { folder in
      let model = folder.appending(path: "model")
      try write(1, to: model, at: "layers.1.mlp.up_proj.weight")
      try StudentFamily.student(contentsOf: model).refuseNonFiniteWeights(of: model)
      try write(.nan, to: model, at: "layers.1.mlp.up_proj.weight")
      let student = try StudentFamily.student(contentsOf: model)
      let path = "model.language_model.layers.1.mlp.up_proj.weight"
      let fault = #expect(throws: NonFiniteWeight.self) { try student.refuseNonFiniteWeights(of: model) }
      #expect(fault?.path == path && fault?.element == 3 && fault?.value == "nan")
      let file = model.appending(path: "model.safetensors").path
      #expect(fault.map { "\($0)" }?.hasPrefix("\(file): the weight \(path) is nan at its element 3, so that") == true)
      // Of a pair of files the one that has it.
      let pair = folder.appending(path: "x.gguf")
      try #require(student as? any GGUFWritable).saveGGUF(to: pair, as: .float32)
      let read = try StudentFamily.student(contentsOf: pair)
      #expect(#expect(throws: NonFiniteWeight.self) { try read.refuseNonFiniteWeights(of: pair) }?.file == pair.path)
      try write(-.infinity, to: model, at: "merger.mlp.2.bias")
      let tower = try StudentFamily.student(contentsOf: model)
      try #require(tower as? any GGUFWritable).saveGGUF(to: pair, as: .float32)
      let again = try StudentFamily.student(contentsOf: pair)
      let other = #expect(throws: NonFiniteWeight.self) { try again.refuseNonFiniteWeights(of: pair) }
      #expect(other?.file == folder.appending(path: "mmproj-x.gguf").path && other?.value == "-inf")
    }
  }
}
