import Foundation
import Tensor
import TestSupport
import Testing

/// `Golden/make_packed.py` wrote the file with the format's own package, which also unpacked its tensors.
@Suite struct GGUFFileTests {
  private static let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Golden/packed.gguf")

  private func opening(_ bytes: [UInt8]) throws -> Tensor.GGUFFile {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("x.gguf")
      try Data(bytes).write(to: url)
      return try Tensor.GGUFFile(contentsOf: url)
    }
  }

  private func fault(_ bytes: [UInt8]) -> Tensor.GGUFError? {
    do {
      _ = try opening(bytes)
      return nil
    } catch { return error as? Tensor.GGUFError }
  }

  @Test(arguments: Tensor.GGUFFile.ElementType.allCases)
  func `packed elements are the Float32 that the format's own package makes of them, bit for bit`(
    type: Tensor.GGUFFile.ElementType
  ) throws {
    let file = try Tensor.GGUFFile(contentsOf: Self.url)
    let (found, expected) = (try file.tensor(named: "x.\(type.name)"), try file.tensor(named: "y.\(type.name)"))
    #expect(file.typeName(of: "x.\(type.name)") == type.name)
    #expect(found.isIdentical(to: expected))
    #expect(found.shape == [3, type.rawValue < 2 || type == .bfloat16 ? 32 : 256])
    // Rows in another order.
    let turned = try file.tensor(named: "x.\(type.name)", rows: [2, 0, 1])
    #expect(turned.isIdentical(to: expected.gathered([2, 0, 1])))
  }

  @Test(.everyInstructionSet, arguments: Tensor.GGUFFile.ElementType.allCases)
  func `products and look-ups of packed matrices have the bits that they have with Float32`(
    type: Tensor.GGUFFile.ElementType
  ) throws {
    let file = try Tensor.GGUFFile(contentsOf: Self.url)
    let (packed, plain) = (try file.tensor(named: "x.\(type.name)"), try file.tensor(named: "y.\(type.name)"))
    let width = packed.shape[1]
    var generator = SplitMix(state: 3)
    for rows in [1, 2, 4, 5, 70] {
      let x = Tensor.normal([rows, width], using: &generator)
      let y = Tensor.normal([rows, 3], using: &generator)
      // Each is read anew, since one that was converted as a whole would be Float32 from then on.
      let again = try file.tensor(named: "x.\(type.name)")
      #expect(x.matmul(again, transposeB: true).isIdentical(to: x.matmul(plain, transposeB: true)), "\(rows)")
      #expect(y.matmul(again).isIdentical(to: y.matmul(plain)), "\(rows)")
      #expect(y.transposed().matmul(y.matmul(again)).isIdentical(to: y.transposed().matmul(y.matmul(plain))))
    }
    #expect(packed.gathered([2, 0, 2]).isIdentical(to: plain.gathered([2, 0, 2])))
    #expect(packed.rows(1..<3).isIdentical(to: plain.rows(1..<3)))
    #expect(packed.inBFloat16().scalars == plain.inBFloat16().scalars)
    #expect(packed.inInt8().scalars == plain.inInt8().scalars)
    packed.releasePages()
    #expect(packed.isIdentical(to: plain))
    var changed = packed
    changed.mutateScalars { $0[0] += 1 }
    #expect(changed.scalars[0] == plain.scalars[0] + 1)
  }

  @Test func `metadata of every type is read, in version 2 too`() throws {
    var bytes = Array(try Data(contentsOf: Self.url))
    bytes[4] = 2
    for file in [try Tensor.GGUFFile(contentsOf: Self.url), try opening(bytes)] {
      #expect(try file.integer("test.uint8") == 200)
      #expect(try file.integer("test.int8") == -100)
      #expect(try file.integer("test.uint16") == 60_000)
      #expect(try file.integer("test.int16") == -30_000)
      #expect(try file.integer("test.uint32") == 4_000_000_000)
      #expect(try file.integer("test.int32") == -2_000_000_000)
      #expect(try file.integer("test.uint64") == 1 << 40)
      #expect(try file.integer("test.int64") == -(1 << 40))
      #expect(try file.float("test.float32") == 0.1)
      #expect(try file.float("test.float64") == 0.1)
      #expect(try file.bool("test.bool") == true)
      #expect(try file.string("test.string") == "Grüße 😀")
      #expect(try file.strings("test.strings") == ["a", "", "ß"])
      #expect(try file.integers("test.integers") == [1, -2, 3])
      #expect(try file.floats("test.floats") == [0.5, -1.5])
      #expect(try file.string("nobody") == nil)
      #expect(try file.tensor(named: "vector").scalars == [0, 1, 2, 3, 4])
    }
  }

  @Test(.everyInstructionSet, arguments: [Tensor.GGUFFile.ElementType.float16, .bfloat16, .q8_0, .q5_0])
  func `elements are rounded as by the format's own package`(type: Tensor.GGUFFile.ElementType) throws {
    let source = try Tensor.GGUFFile(contentsOf: Self.url)
    let rough = try source.tensor(named: "rough")
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("x.gguf")
      try Tensor.GGUFFile.write([], tensors: [("rough", rough, type)], to: url)
      let written = try Tensor.GGUFFile(contentsOf: url)
      #expect(try written.tensor(named: "rough").isIdentical(to: source.tensor(named: "rounded.\(type.name)")))
    }
  }

  /// A tensor in a type of few bits, written and read.
  private func packed(_ tensor: Tensor, _ type: Tensor.GGUFFile.ElementType = .q4_K) throws -> Tensor {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("x.gguf")
      try Tensor.GGUFFile.write([], tensors: [("x", tensor, type)], to: url)
      let file = try Tensor.GGUFFile(contentsOf: url)
      #expect(file.typeName(of: "x") == type.name)
      return Tensor(try file.tensor(named: "x").scalars, shape: tensor.shape)
    }
  }

  @Test(.everyInstructionSet)
  func `numbers of 4 and of 6 bits err no more than those that llama.cpp finds for the same matrix`()
    throws
  {
    let wave = (1...(64 * 512)).map { k -> Float in
      let x = Double(k)
      return Float((sin(0.37 * x) + sin(1.13 * x + 1) + sin(2.71 * x + 2)) * 0.01)
    }
    // llama_model_quantize of ggml 0.12.0, without an importance matrix, of a model that has these weights.
    for (type, reference) in [(Tensor.GGUFFile.ElementType.q4_K, 0.0689867), (.q6_K, 0.0165268)] {
      let found = try packed(Tensor(wave, shape: [64, 512]), type).scalars
      let square = zip(found, wave).reduce(0.0) { $0 + pow(Double($1.0 - $1.1), 2) }
      let error = (square / wave.reduce(0.0) { $0 + Double($1) * Double($1) }).squareRoot()
      #expect(error < 1.01 * reference, "\(type.name): \(error)")
    }
  }

  @Test(.everyInstructionSet) func `runs of 16 that are zeros, one number or far apart are packed in 6 bits`() throws {
    let levels: [Float] = [0, 3, -3, 1e-38, -1e-38, 1e-6, 100, -0.5, 0, 64, -64, 2, 1, 0.25, -100, 50]
    let rows = levels.map { Array(repeating: $0, count: 256) } + [levels.flatMap { Array(repeating: $0, count: 16) }]
    let found = try packed(Tensor(rows.flatMap(\.self), shape: [17, 256]), .q6_K).scalars
    for (row, level) in levels.enumerated() {
      for element in found[(256 * row)..<(256 * row + 256)] {
        #expect(abs(element - level) <= max(1e-3 * abs(level), 2e-6), "\(level): \(element)")
      }
    }
    // Scales are 128ths of the largest, 100 / 32; that of the other sign can be 127 of them at most, 100 / 128 below.
    for (place, element) in found[4096...].enumerated() {
      #expect(abs(element - levels[place / 16]) <= 0.8, "\(levels[place / 16]): \(element)")
    }
  }

  @Test(.everyInstructionSet) func `runs of one number, of zeros and of numbers that are nearly zero are packed too`()
    throws
  {
    let levels: [Float] = [0, 3, -3, 1e-38, -1e-38, 1e-6, 100, -0.5]
    // A row for each level, and one in which the runs have all of them.
    let rows = levels.map { Array(repeating: $0, count: 256) } + [levels.flatMap { Array(repeating: $0, count: 32) }]
    let found = try packed(Tensor(rows.flatMap(\.self), shape: [9, 256])).scalars
    for (row, level) in levels.enumerated() {
      for element in found[(256 * row)..<(256 * row + 256)] {
        #expect(abs(element - level) <= max(1e-3 * abs(level), 2e-6), "\(level): \(element)")
      }
    }
    // Scales are 63rds of the largest: 100 in 15 steps, and 3 for offsets.
    for (place, element) in found[2048...].enumerated() {
      #expect(abs(element - levels[place / 32]) <= 2, "\(levels[place / 32]): \(element)")
    }
    let bytes = try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("x.gguf")
      let fault = #expect(throws: Tensor.SafetensorsError.self) {
        try Tensor.GGUFFile.write(
          [], tensors: [("x", Tensor([Float](repeating: .nan, count: 256), shape: [1, 256]), .q4_K)], to: url)
      }
      #expect(fault.map { "\($0)" }?.contains("Q4_K") == true)
      return FileManager.default.fileExists(atPath: url.path)
    }
    #expect(!bytes)
  }

  @Test func `what is written is read again, and an element beyond its type's range is refused`() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("x.gguf")
      let metadata: [(key: String, value: Tensor.GGUFFile.Metadatum)] = [
        ("a", .text("é")), ("b", .count(7)), ("c", .number(0.1)), ("d", .flag(true)), ("e", .texts(["x", ""])),
        ("f", .kinds([-1, 3])), ("g", .numbers([0.5, 2])),
      ]
      let vector = Tensor([1, 2, 3], shape: [3])
      try Tensor.GGUFFile.write(metadata, tensors: [("v", vector, .float32), ("w", vector, .float16)], to: url)
      let file = try Tensor.GGUFFile(contentsOf: url)
      #expect(try file.string("a") == "é")
      #expect(try file.integer("b") == 7)
      #expect(try file.float("c") == 0.1)
      #expect(try file.bool("d") == true)
      #expect(try file.strings("e") == ["x", ""])
      #expect(try file.integers("f") == [-1, 3])
      #expect(try file.floats("g") == [0.5, 2])
      #expect(file.names == ["v", "w"])
      #expect(try file.tensor(named: "v").isIdentical(to: vector))
      #expect(try file.tensor(named: "w").isIdentical(to: vector))
      for type in [Tensor.GGUFFile.ElementType.float16, .q8_0] {
        let large = Tensor([Float](repeating: 1e30, count: 32), shape: [1, 32])
        #expect(throws: Tensor.SafetensorsError.self) {
          try Tensor.GGUFFile.write([], tensors: [("v", large, type)], to: url)
        }
      }
      #expect(try Tensor.GGUFFile(contentsOf: url).names == ["v", "w"])
    }
  }

  @Test func `a value of another type, a missing tensor and one of a type that is not read are named`() throws {
    let file = try Tensor.GGUFFile(contentsOf: Self.url)
    let path = Self.url.path
    #expect(
      throws: Tensor.GGUFError.invalid(
        file: path, field: "test.string", expected: "a whole number", found: "a value of type string")
    ) { try file.integer("test.string") }
    #expect(
      throws: Tensor.GGUFError.invalid(
        file: path, field: "test.strings", expected: "a text", found: "an array of type string")
    ) { try file.string("test.strings") }
    #expect(
      throws: Tensor.GGUFError.invalid(
        file: path, field: "tensor \"z\"", expected: "it among 29 tensors", found: "none of this name")
    ) { try file.tensor(named: "z") }
    #expect(
      throws: Tensor.GGUFError.unsupported(
        file: path, field: "tensor \"x.Q2_K\"",
        expected: "F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K", found: "Q2_K")
    ) { try file.tensor(named: "x.Q2_K") }
  }

  /// A file of these keys and tensors.
  private func header(
    magic: String = "GGUF", version: UInt32 = 3, tensors: UInt64, keys: UInt64, _ rest: [UInt8] = []
  ) -> [UInt8] {
    Array(magic.utf8) + littleEndianBytes([version]) + littleEndianBytes([tensors, keys]) + rest
  }

  private func text(_ text: String) -> [UInt8] { littleEndianBytes([UInt64(text.utf8.count)]) + Array(text.utf8) }

  private func tensor(_ name: String, _ extents: [UInt64], type: UInt32, at offset: UInt64) -> [UInt8] {
    text(name) + littleEndianBytes([UInt32(extents.count)]) + littleEndianBytes(extents) + littleEndianBytes([type])
      + littleEndianBytes([offset])
  }

  private func whole(_ tensors: [[UInt8]], data: Int) -> [UInt8] {
    var bytes = header(tensors: UInt64(tensors.count), keys: 0, tensors.flatMap(\.self))
    bytes += [UInt8](repeating: 0, count: (32 - bytes.count % 32) % 32 + data)
    return bytes
  }

  @Test func `what cannot be is refused before memory is taken for it`() throws {
    let cases: [([UInt8], String, String, String)] = [
      (header(magic: "GGML", tensors: 0, keys: 0), "the first bytes", "GGUF", "[71, 71, 77, 76]"),
      (header(version: 1, tensors: 0, keys: 0), "the version", "2 or 3", "1"),
      (header(version: 3 << 24, tensors: 0, keys: 0), "the version", "2 or 3", "a file in big-endian order"),
      (header(tensors: 1 << 60, keys: 0), "the number of tensors", "at most 0", "\(1 << 60)"),
      (header(tensors: 0, keys: .max), "the number of keys", "at most 0", "\(UInt64.max)"),
      (
        header(tensors: 0, keys: 1, littleEndianBytes([UInt64(1) << 40]) + [0, 0, 0, 0, 0]), "the name of key 0",
        "at most 5", "\(1 << 40)"
      ),
      (
        header(tensors: 0, keys: 1, text("k") + littleEndianBytes([UInt32(99)])), "the type of k",
        "a type from 0 to 12",
        "99"
      ),
      (
        header(
          tensors: 0, keys: 1, text("k") + littleEndianBytes([UInt32(9), 4]) + littleEndianBytes([UInt64(1) << 62])),
        "the length of k", "at most 0", "\(1 << 62)"
      ),
      (
        header(tensors: 0, keys: 1, text("k") + littleEndianBytes([UInt32(9), 9]) + littleEndianBytes([UInt64(0)])),
        "k",
        "an array of values", "an array of arrays"
      ),
      (
        whole([tensor("t", [32, 1 << 60], type: 0, at: 0)], data: 0), "tensor \"t\"", "a size that fits in 57 bits",
        "[32, \(1 << 60)]"
      ),
      (
        whole([tensor("t", [0, 1 << 63], type: 0, at: 0)], data: 0), "tensor \"t\"", "a size that fits in 57 bits",
        "[0, \(UInt64(1) << 63)]"
      ),
      (
        whole([tensor("t", [33], type: 8, at: 0)], data: 64), "tensor \"t\"",
        "rows of a multiple of 32 elements for Q8_0", "[33]"
      ),
      (whole([tensor("t", [2], type: 0, at: 4)], data: 64), "tensor \"t\"", "an offset in steps of 32", "4"),
      (whole([tensor("t", [], type: 0, at: 0)], data: 64), "tensor \"t\"", "1 to 4 extents", "0"),
      (
        whole([tensor("t", [16], type: 0, at: 0), tensor("u", [2], type: 0, at: 32)], data: 64), "tensor \"u\"",
        "data behind that of \"t\"", "an overlap"
      ),
      (
        whole([tensor("t", [2], type: 0, at: 0), tensor("t", [2], type: 0, at: 32)], data: 64), "tensor \"t\"",
        "one tensor of this name", "two"
      ),
    ]
    for (bytes, field, expected, found) in cases {
      let fault = fault(bytes)
      switch fault {
      case .invalid(_, field, expected, found)?, .unsupported(_, field, expected, found)?: break
      default: Issue.record("\(field): \(fault.map { "\($0)" } ?? "read")")
      }
    }
    guard case .truncated(_, "tensor \"t\"", 256, 64)? = fault(whole([tensor("t", [64], type: 0, at: 0)], data: 64))
    else {
      Issue.record("a tensor beyond the end of its file was taken")
      return
    }
    guard case .truncated(_, "the first bytes", 4, 0)? = fault([]) else {
      Issue.record("an empty file was taken")
      return
    }
  }

  @Test func `no damaged file crashes, hangs or takes memory`() throws {
    let original = Array(try Data(contentsOf: Self.url))
    let small = whole([tensor("t", [32], type: 8, at: 0), tensor("u", [2, 3], type: 0, at: 64)], data: 128)
    let faults = try withTemporaryFolder { folder in
      var number = 0
      return try Damage.tryAll("gguf", from: [original, small], limit: 64 << 20) { bytes, _ in
        number += 1
        let url = folder.appendingPathComponent("\(number).gguf")
        try? Data(bytes).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        guard let file = try? Tensor.GGUFFile(contentsOf: url) else { return }
        for name in file.names { _ = try? file.tensor(named: name).scalars }
        for key in file.keys {
          _ = (try? file.string(key), try? file.integer(key), try? file.float(key), try? file.bool(key))
          _ = (try? file.strings(key), try? file.integers(key), try? file.floats(key))
        }
      }
    }
    #expect(faults.isEmpty, "\(faults)")
  }
}
