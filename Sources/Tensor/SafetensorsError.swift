extension Tensor {
  /// Faults of a safetensors file, a folder of them, or their disk.
  ///
  /// Each case names the file and says what was expected and what came; `description` adds what to do about it.
  public enum SafetensorsError: Error, Sendable, Equatable {
    /// The file could not be opened, measured or mapped.
    case unreadable(file: String, reason: String)
    /// There is no room for the file's bytes: how many, and what there is, in words.
    case outOfMemory(file: String, bytes: Int, left: String)
    /// The file could not be written; what stood there before is untouched.
    case unwritable(file: String, reason: String)
    /// The file ends before the bytes that it promises.
    case truncated(file: String, expectedBytes: Int, foundBytes: Int)
    /// The header is longer than the format allows.
    case oversizedHeader(file: String, limit: Int, found: UInt64)
    /// The header, or the index of a folder, is not the JSON that the format asks for.
    case malformed(file: String, byte: Int, expected: String, found: String)
    /// The header describes a tensor that cannot be.
    case inconsistent(file: String, tensor: String, expected: String, found: String)
    /// There is no tensor of this name.
    case missingTensor(file: String, tensor: String, available: [String])
    /// The tensor is there, in an element type that this call does not read.
    case unsupportedType(file: String, tensor: String, expected: String, found: String)
    /// The index of a folder names something that is not a file of that folder.
    case wrongShard(file: String, tensor: String, expected: String, found: String)
  }
}

extension Tensor.SafetensorsError: CustomStringConvertible {
  /// A message for the person who has the file.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason):
      "\(file): cannot be read: \(reason). Check the path and its permissions."
    case .outOfMemory(let file, let bytes, let left):
      "\(file): not enough memory for its \(bytes >> 20) MiB: \(left). Take a smaller model, or raise the limit."
    case .unwritable(let file, let reason):
      "\(file): cannot be written: \(reason). Check free space and permissions of its folder."
    case .truncated(let file, let expected, let found):
      "\(file): ends too early: expected \(expected) bytes, found \(found). Copy or download it again."
    case .oversizedHeader(let file, let limit, let found):
      "\(file): expected a header of at most \(limit) bytes, found a length of \(found). "
        + "It is damaged or not a safetensors file."
    case .malformed(let file, let byte, let expected, let found):
      "\(file): at byte \(byte) expected \(expected), found \(found). It is damaged: copy, download or export it again."
    case .inconsistent(let file, let tensor, let expected, let found):
      "\(file): tensor \"\(tensor)\": expected \(expected), found \(found). Export the file again."
    case .missingTensor(let file, let tensor, let available):
      "\(file): no tensor \"\(tensor)\"; it holds \(available.isEmpty ? "none" : Self.list(available)). "
        + "Check that file and architecture belong together."
    case .unsupportedType(let file, let tensor, let expected, let found):
      "\(file): tensor \"\(tensor)\": expected \(expected), found \(found). "
        + "Read integers with integers(named:) and others with tensor(named:), or convert the file."
    case .wrongShard(let file, let tensor, let expected, let found):
      "\(file): tensor \"\(tensor)\": expected \(expected), found \(found). Download the missing part again."
    }
  }

  private static func list(_ names: [String]) -> String {
    let head = names.prefix(4).map { "\"\($0)\"" }.joined(separator: ", ")
    return names.count > 4 ? "\(head) and \(names.count - 4) more" : head
  }
}
