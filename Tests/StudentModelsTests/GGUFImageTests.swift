import Foundation
import ImageDecoding
import JSON
import LanguageModel
import Layers
import StudentModels
import Tensor
import TestSupport
import Testing
import Tokenization
import VisionEncoder

/// `Golden/make_mmproj.py` wrote the pairs of files, and what transformers makes of the same weights, pictures and conversations.
@Suite struct GGUFImageTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
  private static let golden: JSONValue = {
    let data = try? Data(contentsOf: folder.appending(path: "mmproj.json"))
    return data.flatMap { try? JSONParser.value(of: Array($0)) } ?? .null
  }()
  static let names = ["smolvlm", "qwen2_vl", "qwen2_5_vl", "qwen3_vl"]

  private struct Case {
    var ids: [Int]
    var prompt: String
    var pictures: [RGBImage]
    var logits: [[Float]]
  }

  private func golden(_ name: String) throws -> Case {
    let found = try #require(Self.golden["cases"]?.elements?.first { $0["name"]?.string == name })
    let pictures = try #require(found["sizes"]?.elements).map { size in
      let (width, height) = (size[0]?.integer ?? 0, size[1]?.integer ?? 0)
      var pixels: [UInt8] = []
      for y in 0..<height {
        for x in 0..<width {
          for c in 0..<3 {
            let value = 7 * x + 13 * y + 50 * c + x * y
            pixels.append(UInt8(value % 256))
          }
        }
      }
      return RGBImage(width: width, height: height, pixels: pixels)
    }
    return Case(
      ids: found["ids"]?.elements?.compactMap(\.integer) ?? [], prompt: found["prompt"]?.string ?? "",
      pictures: pictures,
      logits: found["logits"]?.elements?.map { ($0.elements ?? []).compactMap(\.double).map { Float($0) } } ?? [])
  }

  static func file(_ name: String) -> URL { folder.appending(path: "\(name).gguf") }
  static func tower(_ name: String) -> URL { folder.appending(path: "mmproj-\(name).gguf") }

  /// The prompt's ids, and the logits after the last of them.
  private func read(_ student: any PretrainedStudent, _ golden: Case) throws -> (ids: [Int], logits: Tensor) {
    let images = try golden.pictures.map { try student.image($0) }
    let turns = student.messages(question: "or 2 cars?", imagesAt: [0, 2], answer: nil)
    let prompt = try student.rendered(turns, addingGenerationPrompt: true)
    #expect(prompt == golden.prompt)
    let ids = try student.ids(of: prompt, images: images)
    return (ids, student.logits(of: ids, images: images))
  }

  @Test(arguments: names) func `tokens and logits are those of transformers for the same weights and pictures`(
    name: String
  ) throws {
    let golden = try golden(name)
    let (ids, logits) = try read(StudentFamily.student(contentsOf: Self.file(name)), golden)
    #expect(ids == golden.ids)
    let last = logits.rows((ids.count - golden.logits.count)..<ids.count).scalars
    let difference = zip(last, golden.logits.flatMap(\.self)).map { abs($0 - $1) }.max() ?? .infinity
    #expect(last.count == golden.logits.flatMap(\.self).count && difference < 1e-4, "\(difference)")
  }

  @Test(arguments: names) func `a student is written as a pair of files that gives the same tokens and logits`(
    name: String
  ) throws {
    let golden = try golden(name)
    try withTemporaryFolder { folder in
      // From a folder, as merged students are.
      let source = folder.appending(path: "folder")
      try StudentFamily.student(contentsOf: Self.file(name)).save(to: source)
      let student = try StudentFamily.student(contentsOf: source)
      let before = try read(student, golden)
      let url = folder.appending(path: "x.gguf")
      try #require(student as? any GGUFWritable).saveGGUF(to: url, as: .float32)
      let again = try StudentFamily.student(contentsOf: url)
      let after = try read(again, golden)
      #expect(after.ids == before.ids && after.logits.isIdentical(to: before.logits))
      #expect(again.decoder == student.decoder && again.tower == student.tower)
      #expect(again.endOfTurn == student.endOfTurn && again.maximumTokens == student.maximumTokens)
      let (pixels, expected) = (
        try again.processorTensors(golden.pictures), try student.processorTensors(golden.pictures)
      )
      #expect(pixels.keys.sorted() == expected.keys.sorted())
      for (key, tensor) in expected { #expect(pixels[key]?.isIdentical(to: tensor) == true, "\(key)") }
      // Every tensor and key that the converter's file has.
      let (made, published) = try (
        Tensor.GGUFFile(contentsOf: folder.appending(path: "mmproj-x.gguf")),
        Tensor.GGUFFile(contentsOf: Self.tower(name))
      )
      #expect(made.names == published.names)
      for name in published.names {
        #expect(try made.tensor(named: name).isIdentical(to: published.tensor(named: name)), "\(name)")
      }
      #expect(Set(published.keys).subtracting(made.keys) == [])
      for key in ["clip.vision.embedding_length", "clip.vision.block_count", "clip.vision.attention.head_count"] {
        #expect(try made.integer(key) == published.integer(key))
      }
      #expect(try made.floats("clip.vision.image_std") == published.floats("clip.vision.image_std"))
    }
  }

  @Test func `windows that such files mean otherwise are not written`() throws {
    try withTemporaryFolder { folder in
      let source = folder.appending(path: "folder")
      try StudentFamily.student(contentsOf: Self.file("qwen2_5_vl")).save(to: source)
      let file = source.appending(path: "config.json")
      let text = try String(decoding: Data(contentsOf: file), as: UTF8.self)
      let layers = #/"fullatt_block_indexes": \[\s*1\s*\]/#
      for (changed, word) in [
        (text.replacing(#""window_size": 112"#, with: #""window_size": 64"#), "windows of 112 pixels"),
        (text.replacing(layers, with: #""fullatt_block_indexes": [0, 1]"#), "layers [0, 1]"),
      ] {
        try Data(changed.utf8).write(to: file)
        let student = try Qwen25VL(contentsOf: source)
        let url = folder.appending(path: "x.gguf")
        let fault = #expect(throws: StudentError.self) { try student.saveGGUF(to: url, as: .float16) }
        #expect(fault.map { "\($0)" }?.contains(word) == true, "\(fault.map { "\($0)" } ?? "")")
        #expect(!FileManager.default.fileExists(atPath: url.path))
      }
      // None, or all, see the whole image.
      for whole in [[], [0, 1, 2]] {
        try Data(text.replacing(layers, with: "\"fullatt_block_indexes\": \(whole)").utf8).write(to: file)
        let student = try Qwen25VL(contentsOf: source)
        let url = folder.appending(path: "x.gguf")
        try student.saveGGUF(to: url, as: .float32)
        #expect(try Qwen25VL(contentsOf: url).model.vision.configuration.wholeLayers == whole)
      }
    }
  }

  @Test func `a student made from nothing is written and read`() throws {
    let student = try Tiny.student()
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "x.gguf")
      try student.saveGGUF(to: url, as: .float32)
      let again = try SmolVLM(contentsOf: url)
      let scores = student.logProbabilities(of: try Tiny.trees(student)).logProbabilities
      #expect(again.logProbabilities(of: try Tiny.trees(again)).logProbabilities.isIdentical(to: scores))
      try student.saveGGUF(to: url, as: .q8_0)
      let text = try Tensor.GGUFFile(contentsOf: url)
      let tower = try Tensor.GGUFFile(contentsOf: folder.appending(path: "mmproj-x.gguf"))
      #expect(text.typeName(of: "blk.0.ffn_up.weight") == "Q8_0")
      // 64 to a row; the tower's rows of 16 and 24 don't fit.
      #expect(tower.typeName(of: "mm.model.fc.weight") == "Q8_0")
      #expect(tower.typeName(of: "v.blk.0.ffn_up.weight") == "F32")
      _ = try SmolVLM(contentsOf: url)
    }
  }

  @Test func `images that such files mean otherwise are not written`() throws {
    let student = try Tiny.student()
    try withTemporaryFolder { folder in
      let source = folder.appending(path: "folder")
      try student.save(to: source)
      let file = source.appending(path: "preprocessor_config.json")
      let text = try String(decoding: Data(contentsOf: file), as: UTF8.self)
      let cases = [
        (#""longest_edge" : 16"#, #""longest_edge" : 64"#, "do_image_splitting"),
        (#""resample" : 1"#, #""resample" : 3"#, "bicubic"),
        (#""do_normalize" : true"#, #""do_normalize" : false"#, "neither"),
      ]
      for (old, new, word) in cases {
        // The size; max_image_size comes before it.
        let place = try #require(text.range(of: old, options: .backwards))
        try Data(text.replacingCharacters(in: place, with: new).utf8).write(to: file)
        let changed = try SmolVLM(contentsOf: source)
        let url = folder.appending(path: "x.gguf")
        let fault = #expect(throws: StudentError.self) { try changed.saveGGUF(to: url, as: .float16) }
        #expect(fault.map { "\($0)" }?.contains(word) == true, "\(word): \(fault.map { "\($0)" } ?? "")")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["folder"])
      }
    }
  }

  @Test func `families that such files have no place for are not written`() throws {
    let student = try #require(try TinyFamily.internVL.student() as? any GGUFWritable)
    let fault = #expect(throws: StudentError.self) {
      try student.saveGGUF(to: URL(filePath: "/nowhere/x.gguf"), as: .float16)
    }
    #expect(fault.map { "\($0)" }?.contains("SmolVLM, or one from Qwen2-VL") == true)
  }

  /// A folder with a decoder's file under a name, and towers under names.
  func inFolder(
    _ text: String, _ towers: [(source: String, name: String)], _ body: (URL) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      let url = folder.appending(path: "model.gguf")
      try FileManager.default.copyItem(at: Self.file(text), to: url)
      for tower in towers {
        try FileManager.default.copyItem(at: Self.tower(tower.source), to: folder.appending(path: tower.name))
      }
      try body(url)
    }
  }

  @Test func `the file with the tower is found by its name, or as the only one that fits`() throws {
    let golden = try golden("smolvlm")
    func readsImages(_ towers: [(source: String, name: String)]) throws -> Bool {
      var result = false
      try inFolder("smolvlm", towers) { url in
        let student = try StudentFamily.student(contentsOf: url)
        result = student.imageToken != nil
        if result { #expect(try read(student, golden).ids == golden.ids) }
      }
      return result
    }
    #expect(try readsImages([("smolvlm", "mmproj-model.gguf")]))
    #expect(try readsImages([("smolvlm", "Other.MMPROJ-f16.gguf"), ("qwen2_vl", "mmproj-qwen.gguf")]))
    #expect(try readsImages([("smolvlm", "mmproj-model.gguf"), ("smolvlm", "mmproj-model-2.gguf")]))
    for others in [[], [("qwen2_vl", "mmproj-qwen.gguf")]] {
      try inFolder("smolvlm", others) { url in
        let fault = #expect(throws: Tensor.GGUFError.self) { try StudentFamily.student(contentsOf: url) }
        #expect(fault.map { "\($0)" }?.contains("idefics3 for a width of 32") == true)
      }
    }
    try inFolder("smolvlm", [("smolvlm", "a-mmproj.gguf"), ("smolvlm", "b-mmproj.gguf")]) { url in
      let fault = #expect(throws: Tensor.GGUFError.self) { try StudentFamily.student(contentsOf: url) }
      let text = fault.map { "\($0)" } ?? ""
      #expect(text.hasPrefix("\(url.path): ") && text.contains("a-mmproj.gguf, b-mmproj.gguf"), "\(text)")
    }
    try inFolder("smolvlm", [("qwen2_vl", "mmproj-model.gguf")]) { url in
      #expect(throws: Tensor.GGUFError.self) { try StudentFamily.student(contentsOf: url) }
    }
  }

  @Test func `a decoder of Llama's kind whose template says nothing of images reads text alone`() throws {
    try inFolder("smolvlm", []) { url in
      var bytes = try Data(contentsOf: url)
      let start = try #require(bytes.range(of: Data("<|im_start|>{% for".utf8)))
      let end = try #require(bytes.range(of: Data("assistant:{% endif %}".utf8), in: start.lowerBound..<bytes.count))
      let plain = "{% for m in messages %}{{ m['content'] }}<end_of_utterance>{% endfor %}{#"
      let room = end.upperBound - start.lowerBound - plain.utf8.count - 2
      let padded = plain + String(repeating: " ", count: room) + "#}"
      bytes.replaceSubrange(start.lowerBound..<end.upperBound, with: Data(padded.utf8))
      try bytes.write(to: url)
      #expect(try StudentFamily.student(contentsOf: url).imageToken == nil)
    }
  }

  @Test func `a decoder that turns by row and column is not read without its tower, nor a tower alone`() throws {
    try inFolder("qwen2_vl", []) { url in
      let fault = #expect(throws: Tensor.GGUFError.self) { try StudentFamily.student(contentsOf: url) }
      #expect(fault.map { "\($0)" }?.contains("qwen2vl_merger or qwen2.5vl_merger for a width of 32") == true)
    }
    let fault = #expect(throws: Tensor.GGUFError.self) {
      try StudentFamily.student(contentsOf: Self.tower("smolvlm"))
    }
    #expect(fault.map { "\($0)" }?.contains("the decoder's file") == true)
  }

  @Test func `matrices of the MLP that bear each other's name are taken for what they are`() throws {
    let golden = try golden("smolvlm")
    try inFolder("smolvlm", []) { url in
      var bytes = try Data(contentsOf: Self.tower("smolvlm"))
      // Both names together are as long as they were, so that all tensors stay where they are.
      for layer in 0..<2 {
        for ending in ["weight", "bias"] {
          let (up, down) = ("v.blk.\(layer).ffn_up.\(ending)", "v.blk.\(layer).ffn_down.\(ending)")
          for (old, new) in [(up, "?"), (down, up), ("?", down)] {
            bytes.replaceSubrange(try #require(bytes.range(of: spelled(old))), with: spelled(new))
          }
        }
      }
      try bytes.write(to: url.deletingLastPathComponent().appending(path: "mmproj-model.gguf"))
      let (ids, logits) = try read(StudentFamily.student(contentsOf: url), golden)
      let expected = try read(StudentFamily.student(contentsOf: Self.file("smolvlm")), golden)
      #expect(ids == expected.ids && logits.isIdentical(to: expected.logits))
    }
  }

  func spelled(_ text: String) -> Data {
    withUnsafeBytes(of: UInt64(text.utf8.count).littleEndian) { Data($0) } + Data(text.utf8)
  }
}
