import Foundation
import Tensor
import TestSupport
import Testing

@Suite struct SafetensorsFileTests {
  /// A file with these bytes, removed again: its mapping outlives it.
  private func open(_ header: String, _ data: [UInt8] = []) throws -> Tensor.SafetensorsFile {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("x.safetensors")
      try safetensorsBytes(header, data: data).write(to: url)
      return try Tensor.SafetensorsFile(contentsOf: url)
    }
  }

  @Test
  func `names, shapes, types and metadata are those of the header, in whatever order its entries come`() throws {
    let header =
      #"{"z" : {"shape":[], "data_offsets":[8,12], "dtype":"F32", "note":[{"a":-1.5e3},null,true,false,"\u00e9"]},"#
      + "\n" + #" "a\n\"\u00e9\ud83d\ude00": {"dtype":"I64","shape":[1],"data_offsets":[0,8]},"#
      + #""__metadata__": {"format":"pt","b":""} , "empty":{"dtype":"BF16","shape":[0,3],"data_offsets":[8,8]} }  "#
    let file = try open(header, littleEndianBytes([Int64(-7)]) + littleEndianBytes([Float(2.5)]))
    #expect(file.names == ["a\n\"é😀", "empty", "z"])
    #expect(file.metadata == ["format": "pt", "b": ""])
    #expect(file.shape(of: "z") == [])
    #expect(file.dtype(of: "z") == .float32)
    #expect(file.shape(of: "empty") == [0, 3])
    #expect(file.shape(of: "nobody") == nil)
    #expect(file.dtype(of: "nobody") == nil)
    #expect(try file.tensor(named: "z").scalar == 2.5)
    #expect(try file.tensor(named: "empty").isIdentical(to: .zeros([0, 3])))
    #expect(try file.integers(named: "a\n\"é😀") == [-7])
    let empty = try open("{}")
    #expect(empty.names.isEmpty && empty.metadata.isEmpty)
  }

  @Test(arguments: ["", " "])
  func `all 65,536 patterns of float16 and of bfloat16 become the Float32 that they denote`(padding: String) throws {
    let patterns = (0...UInt16.max).map { $0 }
    let header =
      #"{"h":{"dtype":"F16","shape":[65536],"data_offsets":[0,131072]},"#
      + #""b":{"dtype":"BF16","shape":[65536],"data_offsets":[131072,262144]}}"#
    // One space more puts the data at an odd address.
    let file = try open(header + padding, littleEndianBytes(patterns) + littleEndianBytes(patterns))
    let (half, brain) = (try file.tensor(named: "h").scalars, try file.tensor(named: "b").scalars)
    for pattern in patterns {
      let (h, b) = (Float(Float16(bitPattern: pattern)), Float(bitPattern: UInt32(pattern) << 16))
      let (i, j) = (half[Int(pattern)], brain[Int(pattern)])
      guard i.bitPattern == h.bitPattern || i.isNaN && h.isNaN, j.bitPattern == b.bitPattern else {
        Issue.record("pattern \(pattern): \(i) for \(h), \(j) for \(b)")
        return
      }
    }
  }

  @Test
  func `Float64 is rounded to the nearest Float32`() throws {
    let values = [0.1, -1e300, 1e-60, .pi, -0.0]
    let file = try open(#"{"d":{"dtype":"F64","shape":[5],"data_offsets":[0,40]}}"#, littleEndianBytes(values))
    #expect(try file.tensor(named: "d").isIdentical(to: Tensor(values.map { Float($0) }, shape: [5])))
  }

  @Test
  func `integers of every width are exact, signs included`() throws {
    func file<T: BitwiseCopyable>(_ type: String, _ values: [T]) throws -> Tensor.SafetensorsFile {
      let bytes = littleEndianBytes(values)
      return try open(
        #"{"i":{"dtype":"\#(type)","shape":[\#(values.count)],"data_offsets":[0,\#(bytes.count)]}} "#, bytes)
    }
    func check<T: FixedWidthInteger & BitwiseCopyable>(_ type: String, _ values: [T]) throws {
      #expect(try file(type, values).integers(named: "i") == values.map { Int($0) }, "\(type)")
    }
    try check("I8", [Int8.min, -1, 0, .max])
    try check("U8", [UInt8.min, .max])
    try check("I16", [Int16.min, -1, .max])
    try check("U16", [UInt16.max])
    try check("I32", [Int32.min, .max])
    try check("U32", [UInt32.max])
    try check("I64", [Int64.min, .max])
    try check("U64", [UInt64(Int64.max)])
    try check("BOOL", [UInt8(0), 1])
    let large = try file("U64", [UInt64.max])
    #expect(throws: Tensor.SafetensorsError.self) { try large.integers(named: "i") }
  }

  // The names that safetensors 0.8.0 reads, with their bits; "__metadata__": null is none there too.
  @Test(
    arguments: [
      ("F4", 4), ("F6_E2M3", 6), ("F6_E3M2", 6), ("F8_E4M3", 8), ("F8_E5M2", 8), ("F8_E8M0", 8), ("F8_E4M3FNUZ", 8),
      ("F8_E5M2FNUZ", 8), ("C64", 64), ("U64", 64), ("I64", 64), ("BOOL", 8),
    ])
  func `a tensor that nothing asks for may have any type of the format`(type: String, bits: Int) throws {
    let bytes = 8 * bits / 8
    let header =
      #"{"__metadata__":null,"f":{"dtype":"F32","shape":[1],"data_offsets":[\#(bytes),\#(bytes + 4)]},"#
      + #""model.rotary_emb.inv_freq":{"dtype":"\#(type)","shape":[4,2],"data_offsets":[0,\#(bytes)]}}"#
    let file = try open(header, [UInt8](repeating: 0, count: bytes + 4))
    #expect(file.metadata.isEmpty && file.dtype(of: "model.rotary_emb.inv_freq")?.bitCount == bits)
    #expect(try file.tensor(named: "f").scalars == [0])
    #expect(
      throws: Tensor.SafetensorsError.unsupportedType(
        file: file.path, tensor: "model.rotary_emb.inv_freq", expected: "F32, F16, BF16 or F64", found: type)
    ) { try file.tensor(named: "model.rotary_emb.inv_freq") }
  }

  @Test
  func `what is not there or of another kind is an error that names file and tensor`() throws {
    let header =
      #"{"f":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
      + #""q":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[4,5]},"i":{"dtype":"I8","shape":[0],"data_offsets":[5,5]}}"#
    let file = try open(header, [0, 0, 0, 0, 0])
    #expect(throws: Tensor.SafetensorsError.missingTensor(file: file.path, tensor: "x", available: ["f", "i", "q"])) {
      try file.tensor(named: "x")
    }
    #expect(
      throws: Tensor.SafetensorsError.unsupportedType(
        file: file.path, tensor: "q", expected: "F32, F16, BF16 or F64", found: "F8_E4M3")
    ) { try file.tensor(named: "q") }
    #expect(throws: Tensor.SafetensorsError.self) { try file.integers(named: "q") }
    #expect(throws: Tensor.SafetensorsError.self) { try file.integers(named: "f") }
    #expect(throws: Tensor.SafetensorsError.self) { try file.tensor(named: "i") }
  }

  @Test
  func `aligned Float32 stands on the file's own pages and outlives the file`() throws {
    let weight = randomTensor([33, 7], seed: 80)
    var (first, second): (Tensor, Tensor) = try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("w.safetensors")
      try Tensor.writeSafetensors(["w": weight], to: url)
      let file = try Tensor.SafetensorsFile(contentsOf: url)
      return (try file.tensor(named: "w"), try file.tensor(named: "w"))
    }
    #expect(first.withScalars { $0.baseAddress } == second.withScalars { $0.baseAddress })
    #expect(first.isIdentical(to: weight))
    first.mutateScalars { $0[0] = 99 }
    #expect(first.scalars[0] == 99)
    #expect(second.isIdentical(to: weight))
    second = second * 2
    #expect(second.isIdentical(to: weight * 2))
  }

  @Test(arguments: 0..<4)
  func `Float32 at an address that is no multiple of four is copied`(padding: Int) throws {
    let values: [Float] = [1, -2, 3]
    let header = #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}"# + String(repeating: " ", count: padding)
    #expect(try open(header, littleEndianBytes(values)).tensor(named: "a").scalars == values)
  }

  @Test
  func `the bytes of a tensor can be had in the file's own type`() throws {
    let file = try open(#"{"b":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}"#, [1, 2, 3, 4])
    #expect(try file.withBytes(of: "b", Array.init) == [1, 2, 3, 4])
  }

  @Test
  func `a file that is not there, a folder and an empty file are errors`() throws {
    try withTemporaryFolder { folder in
      let missing = folder.appendingPathComponent("missing")
      #expect(throws: Tensor.SafetensorsError.unreadable(file: missing.path, reason: "No such file or directory")) {
        try Tensor.SafetensorsFile(contentsOf: missing)
      }
      let pipe = folder.appendingPathComponent("pipe")
      #expect(mkfifo(pipe.path, 0o600) == 0)
      #expect(throws: Tensor.SafetensorsError.unreadable(file: pipe.path, reason: "it is not a regular file")) {
        try Tensor.SafetensorsFile(contentsOf: pipe)
      }
      #expect(throws: Tensor.SafetensorsError.unreadable(file: folder.path, reason: "it is not a regular file")) {
        try Tensor.SafetensorsFile(contentsOf: folder)
      }
      let empty = folder.appendingPathComponent("empty")
      try Data().write(to: empty)
      #expect(throws: Tensor.SafetensorsError.truncated(file: empty.path, expectedBytes: 8, foundBytes: 0)) {
        try Tensor.SafetensorsFile(contentsOf: empty)
      }
    }
  }
}
