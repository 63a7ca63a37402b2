/// Faults of adapters and their files.
public enum LoRAError: Error, Sendable, Equatable, CustomStringConvertible {
  /// No place of the model matches: the targets and the paths that there are.
  case nothingMatches(targets: String, available: [String])
  /// Names or patterns of an option that match nothing of the model: the option as PEFT's files spell it, they, and the
  /// paths that there are.
  case unmatched(option: String, names: [String], available: [String])
  /// A pattern that is no regular expression, and why.
  case invalidPattern(String, String)
  /// Two keys of one pattern table that ask for different values at one path.
  case ambiguousPattern(path: String, keys: [String])
  /// Options that exclude each other, or a value out of range.
  case invalidConfiguration(String)
  /// The model has an adapter of this name already.
  case nameTaken(String)
  /// The model has no adapter of this name: the name, and those that there are.
  case unknownName(String, available: [String])
  /// A place that an adapter can't be put on: the path and why.
  case notAdaptable(path: String, reason: String)
  /// A place that an adapter can't be added into: the path and why. Nothing was merged.
  case notMergeable(path: String, reason: String)
  /// A file that can't be read or written: its path and why.
  case unusableFile(String, String)
  /// An option of an adapter's configuration that would change what it computes, or a value that is none: the file, the
  /// option, what is read here, what stands there.
  case unsupportedOption(file: String, option: String, expected: String, found: String)
  /// An adapter that does not fit the model: its path, tensors it lacks, tensors that nothing takes, wrong shapes.
  case mismatch(file: String, missing: [String], unknown: [String], misshapen: [String])
  /// A number of an adapter's file that is none: its path, the tensor, the element counted row by row, and what stands there.
  case notFinite(file: String, tensor: String, element: Int, value: String)
  /// The model has no adapter to save.
  case noAdapter

  /// The fault, its place, and the remedy.
  public var description: String {
    switch self {
    case .nothingMatches(let targets, let available):
      "nothing in the model matches the LoRA targets \(targets); it has \(Self.list(available, 6))"
    case .unmatched(let option, let names, let available):
      "the adapter's \(option): \(names.map { Self.hinted($0, available) }.joined(separator: ", ")) "
        + "\(names.count == 1 ? "matches" : "match") nothing in the model, which has "
        + "\(Self.list(ModelPaths.ends(of: available), 16)); correct the spelling, or leave out what this model lacks"
    case .invalidPattern(let pattern, let why):
      "the LoRA pattern \"\(pattern)\" is no regular expression: \(why)"
    case .ambiguousPattern(let path, let keys):
      "\(path) matches the keys \(keys.joined(separator: ", ")), which ask for different values; "
        + "make them narrower so that each path matches one"
    case .invalidConfiguration(let text): "the adapter's configuration: \(text)"
    case .nameTaken(let name):
      "the model has an adapter \"\(name)\" already; give the new one another name, or remove or merge the old one first"
    case .unknownName(let name, let available):
      "the model has no adapter \"\(name)\"; it has \(Self.list(available.map { "\"\($0)\"" }, 6))"
    case .notAdaptable(let path, let reason): "\(path) takes no such adapter: \(reason)"
    case .notMergeable(let path, let reason): "the adapter at \(path) cannot be merged: \(reason)"
    case .unusableFile(let path, let why): "\(path): \(why)"
    case .unsupportedOption(let file, let option, let expected, let found):
      "\(file): \(option): expected \(expected), found \(found); "
        + "read all the same, the adapter would not compute what it was trained to"
    case .mismatch(let file, let missing, let unknown, let misshapen):
      "\(file) does not fit this model: "
        + [("missing", missing), ("unknown", unknown), ("misshapen", misshapen)]
        .filter { !$0.1.isEmpty }
        .map { "\($0.1.count) \($0.0) (\($0.1.prefix(4).joined(separator: ", "))\($0.1.count > 4 ? ", …" : ""))" }
        .joined(separator: "; ") + ". Was it trained on another base model?"
    case .notFinite(let file, let tensor, let element, let value):
      "\(file): \(tensor) is \(value) at its element \(element), so that nothing can be computed with it: the training diverged, "
        + "or the file is damaged. Train or fetch the adapter anew"
    case .noAdapter: "the model has no adapter to save; attach one first"
    }
  }

  private static func hinted(_ name: String, _ paths: [String]) -> String {
    "\"\(name)\"" + (ModelPaths.nearest(to: name, among: paths).map { " (did you mean \"\($0)\"?)" } ?? "")
  }

  private static func list(_ names: [String], _ most: Int) -> String {
    guard !names.isEmpty else { return "none" }
    let head = names.prefix(most).joined(separator: ", ")
    return names.count > most ? "\(head) and \(names.count - most) more" : head
  }
}
