import Foundation
import StudentModels
import Tensor
import TestSupport
import Testing

/// Towers' files that are damaged, or ask for what is not computed.
extension GGUFImageTests {
  @Test func `what a tower's file asks for and nobody computes is refused by its name`() throws {
    let cases: [(name: String, key: String, new: String, value: [UInt8]?, word: String)] = [
      ("smolvlm", "clip.vision.preproc_image_size", "clip.vision.preproc_image_tile", nil, "preproc_image_tile"),
      ("smolvlm", "clip.vision.image_mean", "clip.vision.image_mood", nil, "image_mood"),
      ("smolvlm", "clip.vision.image_size", "clip.vision.image_size", [32, 0, 0, 0], "v.position_embd.weight"),
      ("smolvlm", "clip.vision.patch_size", "clip.vision.patch_size", [0, 0, 0, 0], "patch_size"),
      ("smolvlm", "clip.vision.block_count", "clip.vision.block_count", [3, 0, 0, 0], "v.blk.2.ln1.weight"),
      ("smolvlm", "clip.vision.block_count", "clip.vision.block_count", [0, 0, 0, 1], "block_count"),
      ("smolvlm", "clip.vision.embedding_length", "clip.vision.embedding_length", [0, 0, 1, 0], "v.patch_embd.weight"),
      (
        "smolvlm", "clip.vision.projector.scale_factor", "clip.vision.projector.scale_factor", [3, 0, 0, 0],
        "image_size"
      ),
      (
        "smolvlm", "clip.vision.attention.head_count", "clip.vision.attention.head_count", [3, 0, 0, 0],
        "clip.vision.embedding_length 16 must be a multiple of clip.vision.attention.head_count 3"
      ),
      (
        "qwen3_vl", "clip.vision.attention.head_count", "clip.vision.attention.head_count", [8, 0, 0, 0],
        "clip.vision.attention.head_count: expected"
      ),
      ("qwen2_vl", "clip.vision.patch_size", "clip.vision.patch_size", [5, 0, 0, 0], "v.patch_embd.weight"),
      ("qwen2_vl", "clip.vision.image_max_pixels", "clip.vision.image_max_pixels", [0, 0, 0, 0], "image_max_pixels"),
      (
        "qwen2_vl", "clip.vision.attention.layer_norm_epsilon", "clip.vision.attention.layer_norm_epsilon",
        [0, 0, 0, 0],
        "layer_norm_epsilon"
      ),
      ("qwen2_5_vl", "clip.use_silu", "clip.use_gelu", nil, "clip.use_silu"),
      ("qwen2_5_vl", "clip.vision.n_wa_pattern", "clip.vision.n_wa_patterm", nil, "n_wa_patterm"),
      ("qwen3_vl", "v.deepstack.2.fc1.weight", "v.deepstack.1.fc1.weight", nil, "v.deepstack.1.fc2.weight"),
      ("qwen3_vl", "v.deepstack.2.fc1.weight", "v.deepstack.9.fc1.weight", nil, "one of 3 layers"),
      ("qwen3_vl", "v.position_embd.weight", "v.position_embx.weight", nil, "v.position_embd.weight"),
      ("qwen2_vl", "clip.vision.block_count", "clip.vision.window_size", nil, "window_size: expected no such key"),
    ]
    for (name, key, new, value, word) in cases {
      try inFolder(name, []) { url in
        var bytes = try Data(contentsOf: Self.tower(name))
        let place = try #require(bytes.range(of: spelled(key)))
        // Behind the key the type, of 32 bits, and the number.
        if let value { bytes.replaceSubrange((place.upperBound + 4)..<(place.upperBound + 8), with: value) }
        bytes.replaceSubrange(place, with: spelled(new))
        let tower = url.deletingLastPathComponent().appending(path: "mmproj-model.gguf")
        try bytes.write(to: tower)
        let fault = #expect(throws: Tensor.GGUFError.self) { try StudentFamily.student(contentsOf: url) }
        let text = fault.map { "\($0)" } ?? ""
        #expect(text.hasPrefix("\(tower.path): ") && text.contains(word), "\(key): \(text)")
      }
    }
  }

  @Test func `no damaged pair crashes, hangs or takes memory`() throws {
    let texts = try Self.names.map { try Data(contentsOf: Self.file($0)) }
    let originals = try Self.names.map { try Array(Data(contentsOf: Self.tower($0))) }
    let types = ["idefics3", "qwen2vl_merger", "qwen2.5vl_merger", "qwen3vl_merger"]
    let faults = try withTemporaryFolder { folder in
      var number = 0
      return try Damage.tryAll("gguf-tower", from: originals, limit: 64 << 20) { bytes, damage in
        guard damage.below(3) > 0, bytes.count > 64 else { return }
        let place = damage.below(min(bytes.count, 3_000))
        bytes[place] = [0, 1, 4, 8, 9, 0x7F, 0x80, 0xFF][damage.below(8)]
      } body: { bytes, damage in
        number += 1
        let url = folder.appending(path: "\(number).gguf")
        let tower = folder.appending(path: "mmproj-\(number).gguf")
        let data = Data(bytes)
        try? texts[types.firstIndex { data.range(of: Data($0.utf8)) != nil } ?? 0].write(to: url)
        try? data.write(to: tower)
        defer { for file in [url, tower] { try? FileManager.default.removeItem(at: file) } }
        guard let student = try? StudentFamily.student(contentsOf: url), student.imageToken != nil else { return }
        _ = try? student.blankImage(width: 40, height: 26)
      }
    }
    #expect(faults.isEmpty, "\(faults)")
  }
}
