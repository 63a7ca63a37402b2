import Foundation
import Tensor
import TestSupport
import Testing

@Suite struct SafetensorsWriterTests {
  @Test
  func `the bytes are those of the reference writer: entries by name, escapes of its kind, a padded header`() throws {
    let tensors = [
      "b": Tensor([0, 1, 2, 3, 4, 5], shape: [2, 3]), "Z": Tensor([1, 1, 1], shape: [3]), "a": Tensor(3),
      "é\n\"\\\u{7f}\u{1}/": Tensor.zeros([0, 4]),
    ]
    // As safetensors 0.8.0 for Python writes these arrays.
    let header =
      #"{"__metadata__":{"format":"pt"},"Z":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},"#
      + #""a":{"dtype":"F32","shape":[],"data_offsets":[12,16]},"b":{"dtype":"F32","shape":[2,3],"data_offsets":[16,40]},"#
      + #""é\n\"\\"# + "\u{7f}" + #"\u0001/":{"dtype":"F32","shape":[0,4],"data_offsets":[40,40]}}"#
    let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("x.safetensors")
      try Tensor.writeSafetensors(tensors, to: url)
      #expect(
        try Data(contentsOf: url)
          == safetensorsBytes(padded, data: littleEndianBytes([1, 1, 1, 3, 0, 1, 2, 3, 4, 5] as [Float])))
      try Tensor.writeSafetensors([:], metadata: [:], to: url)
      #expect(try Data(contentsOf: url) == safetensorsBytes("{}      "))
    }
  }

  @Test
  func `what is written is read back bit by bit, metadata included`() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("x.safetensors")
      var tensors = ["special": Tensor([.nan, .infinity, -0.0, 0x1p-149], shape: [2, 2])]
      for (i, shape) in oddShapes.enumerated() { tensors["layer.\(i)"] = randomTensor(shape, seed: UInt64(i)) }
      let metadata = ["é": "\u{0}\u{8}\u{c}\r\t\u{1f}😀", "b": "", "a": "\"\\/"]
      try Tensor.writeSafetensors(tensors, metadata: metadata, to: url)
      let file = try Tensor.SafetensorsFile(contentsOf: url)
      #expect(file.metadata == metadata)
      #expect(file.names == tensors.keys.sorted())
      for (name, tensor) in tensors { #expect(try file.tensor(named: name).isIdentical(to: tensor), "\(name)") }
      let bytes = try Data(contentsOf: url)
      try Tensor.writeSafetensors(
        Dictionary(uniqueKeysWithValues: file.names.map { ($0, try file.tensor(named: $0)) }), metadata: metadata,
        to: url)
      #expect(try Data(contentsOf: url) == bytes)
      // The first mapping still stands on the file that was replaced.
      #expect(try file.tensor(named: "special").isIdentical(to: tensors["special"] ?? Tensor(0)))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["x.safetensors"])
    }
  }

  @Test
  func `a failed write leaves what stood there and nothing else`() throws {
    try withTemporaryFolder { folder in
      let missing = folder.appendingPathComponent("missing/x.safetensors")
      #expect(throws: Tensor.SafetensorsError.unwritable(file: missing.path, reason: "No such file or directory")) {
        try Tensor.writeSafetensors(["a": Tensor(1)], to: missing)
      }
      // A folder cannot be replaced by a file: the rename at the very end fails.
      let occupied = folder.appendingPathComponent("occupied")
      try FileManager.default.createDirectory(at: occupied, withIntermediateDirectories: true)
      #expect(throws: Tensor.SafetensorsError.unwritable(file: occupied.path, reason: "Is a directory")) {
        try Tensor.writeSafetensors(["a": Tensor(1)], to: occupied)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["occupied"])
    }
  }

  @Test
  func `what a killed process left behind is not in the way`() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("x.safetensors")
      try Data("half".utf8).write(to: folder.appending(path: ".x.safetensors.\(getpid())-0.partial"))
      try Tensor.writeSafetensors(["a": Tensor(1)], to: url)
      #expect(try Tensor.SafetensorsFile(contentsOf: url).tensor(named: "a").scalar == 1)
    }
  }

  @Test
  func `a write that the disk refuses half-way is an error, and the old file stays`() async {
    // A bound on the size of files stands in for a full disk, in a process of its own.
    await #expect(processExitsWith: .success) {
      try withTemporaryFolder { folder in
        let url = folder.appendingPathComponent("x.safetensors")
        try Tensor.writeSafetensors(["a": Tensor(1)], to: url)
        signal(SIGXFSZ, SIG_IGN)
        var limit = rlimit(rlim_cur: 4096, rlim_max: 4096)
        precondition(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
        do {
          try Tensor.writeSafetensors(["a": .zeros([5000])], to: url)
          preconditionFailure("written in spite of the limit")
        } catch let error as Tensor.SafetensorsError {
          precondition(error == .unwritable(file: url.path, reason: "File too large"))
        }
        let kept = try Tensor.SafetensorsFile(contentsOf: url).tensor(named: "a").scalar
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        precondition(kept == 1 && files == ["x.safetensors"])
      }
    }
  }

  @Test
  func `the header's own key is no name for a tensor`() async {
    await #expect(processExitsWith: .failure) {
      try Tensor.writeSafetensors(["__metadata__": Tensor(1)], to: URL(fileURLWithPath: "/dev/null"))
    }
  }
}
