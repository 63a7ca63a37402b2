import Foundation
import Tensor
import TestSupport
import Testing

/// Files of weights are downloaded: whatever is in them, reading ends with tensors or with an error.
@Suite struct DamagedSafetensorsTests {
  private static let originals: [[UInt8]] = {
    let tensors: [String: Tensor] = [
      "model.a.weight": Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3]), "model.b": Tensor([7], shape: []),
      "empty": .zeros([0, 4]),
    ]
    let mixed =
      #"{"__metadata__":{"format":"pt","\u00e9":"\ud83d\ude00"},"h":{"dtype":"F16","shape":[1,2],"data_offsets":[0,4]},"#
      + #""w":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]},"i":{"dtype":"I64","shape":[1],"data_offsets":[8,16]},"#
      + #""b":{"dtype":"BOOL","shape":[3],"data_offsets":[16,19]},"u":{"dtype":"U8","shape":[],"data_offsets":[19,20]}}"#
    let written = try? withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("a.safetensors")
      try Tensor.writeSafetensors(tensors, metadata: ["format": "pt"], to: url)
      return try Array(Data(contentsOf: url))
    }
    return [written ?? [], Array(safetensorsBytes(mixed, data: [UInt8](repeating: 1, count: 20)))]
  }()

  private static let words = [
    #""dtype":"F32""#, #""shape":[4,4]"#, #""data_offsets":[0,16]"#, "{", "}", "[", "]", ",", ":",
    #""__metadata__":{}"#,
    #""F64""#, #""F8_E4M3""#, #""I8""#, "9223372036854775807", "[2147483648,2147483648]", "\\ud800", "\\", "\"",
    "null",
    "[[[[[[[[", #"{"a":"#, "[0,0,0,0,0,0,0,0]", "4294967296,4294967296",
  ]

  @Test func `no damaged header crashes, hangs or takes memory`() throws {
    let faults = try withTemporaryFolder { folder in
      var number = 0
      return try Damage.tryAll("safetensors", from: Self.originals, words: Self.words, limit: 64 << 20) {
        bytes, damage in
        // The length in front of the header, most of the time what it should be.
        if damage.below(4) > 0, bytes.count > 8, let end = bytes.lastIndex(of: UInt8(ascii: "}")), end >= 8 {
          bytes.replaceSubrange(0..<8, with: littleEndianBytes([UInt64(end - 7)]))
        }
      } body: { bytes, _ in
        // A new file each time: writing over one waits for the disk.
        number += 1
        let url = folder.appendingPathComponent("\(number).safetensors")
        try? Data(bytes).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        guard let file = try? Tensor.SafetensorsFile(contentsOf: url) else { return }
        for name in file.names { _ = (try? file.tensor(named: name).scalars, try? file.integers(named: name)) }
      }
    }
    #expect(faults.isEmpty, "\(faults)")
  }
}
