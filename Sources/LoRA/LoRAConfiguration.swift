/// What low-rank adapters look like and where they go (Hu et al. 2021).
public struct LoRAConfiguration: Sendable, Equatable {
  /// Which projections are adapted.
  public enum Targets: Sendable, Equatable {
    /// Every linear layer of the language model, not the output head.
    case allLinear
    /// Projections whose path equals one of these or ends with "." and one of these.
    case names([String])
    /// Projections whose whole path matches this regular expression.
    case pattern(String)
  }

  /// The rank r of the added product. The default is 16.
  public var rank = 16
  /// The product is scaled by alpha / rank. The default is 32.
  public var alpha: Float = 32
  /// The share of an adapter's inputs that training sets to zero. The default is 0.
  public var dropout: Float = 0
  /// The default is all linear layers of the language model.
  public var targets = Targets.allLinear
  /// Paths, or ends of paths after a dot, that are never adapted.
  public var excluded: [String] = []
  /// Whether vision tower and connector may be adapted. The default is false.
  public var adaptsVision = false
  /// Scales by alpha / √rank instead (Kalajdzievski 2023). The default is false.
  public var isRankStabilized = false

  /// The defaults.
  public init() {}

  /// What the product is multiplied by.
  public var scale: Float { isRankStabilized ? alpha / Float(rank).squareRoot() : alpha / Float(rank) }

  /// Whether the projection at this path is adapted.
  ///
  /// - Throws: ``LoRAError/invalidPattern(_:_:)`` if the pattern is no regular expression.
  public func adapts(_ path: String) throws -> Bool {
    let components = path.split(separator: ".")
    if !adaptsVision, components.contains(where: Self.isVisual) { return false }
    if excluded.contains(where: { path == $0 || path.hasSuffix("." + $0) }) { return false }
    switch targets {
    case .allLinear: return !components.contains { $0 == "lm_head" || $0 == "classifier" || $0 == "score" }
    case .names(let names): return names.contains { path == $0 || path.hasSuffix("." + $0) }
    case .pattern(let pattern): return try Self.matches(pattern, path)
    }
  }

  /// Whether the whole path matches a regular expression.
  static func matches(_ pattern: String, _ path: String) throws -> Bool {
    do { return try Regex(pattern).wholeMatch(in: path) != nil } catch {
      throw LoRAError.invalidPattern(pattern, "\(error)")
    }
  }

  private static func isVisual(_ component: Substring) -> Bool {
    component.contains("vision") || component == "visual" || component == "connector"
      || component == "multi_modal_projector"
  }
}

/// What can go wrong with adapters and their files.
public enum LoRAError: Error, Sendable, Equatable, CustomStringConvertible {
  /// No projection of the model matches: the targets and some paths that there are.
  case nothingMatches(targets: String, available: [String])
  /// A target pattern that is no regular expression, and why.
  case invalidPattern(String, String)
  /// A file that can't be read or written: its path and why.
  case unusableFile(String, String)
  /// An option of an adapter's configuration that would change what it computes, or a value that is none: the file, the
  /// option, what is read here, what stands there.
  case unsupportedOption(file: String, option: String, expected: String, found: String)
  /// An adapter that does not fit the model: its path, tensors it lacks, tensors that nothing takes, wrong shapes.
  case mismatch(file: String, missing: [String], unknown: [String], misshapen: [String])
  /// The model has no adapter to save.
  case noAdapter

  /// What happened, where, and what to do.
  public var description: String {
    switch self {
    case .nothingMatches(let targets, let available):
      "no projection matches the LoRA targets \(targets); the model has \(available.prefix(6).joined(separator: ", "))"
        + (available.count > 6 ? " and \(available.count - 6) more" : "")
    case .invalidPattern(let pattern, let why):
      "the LoRA target pattern \"\(pattern)\" is no regular expression: \(why)"
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
    case .noAdapter: "the model has no adapter to save; attach one first"
    }
  }
}
