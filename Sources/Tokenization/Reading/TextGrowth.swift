/// A step that rewrites texts, and how many times longer it may make one: several steps multiply.
protocol TextStep: Sendable {
  /// The most bytes that one byte may become.
  var growth: Double { get }
}

extension TextStep {
  /// Steps that only divide or shorten.
  var growth: Double { 1 }
}

/// Several steps of one kind, none of them a sequence itself.
protocol TextStepSequence: TextStep {
  associatedtype Step
  var steps: [Step] { get }
}

extension TextStepSequence {
  var growth: Double { steps.reduce(1) { $0 * (($1 as? any TextStep)?.growth ?? 1) } }
}

extension FieldReader {
  /// Tokenizers in use have up to 10 steps of a kind.
  private static let mostSteps = 64
  /// Normalizers and pre-tokenizers in use come to less than 1,000, and to less than 2 on nearly every text.
  static let mostGrowth = 10_000
  /// Decoders in use come to less than 4. What they rewrite may have grown once before.
  static let mostGrowthOfDecoders = 64

  /// The steps of a sequence, those of sequences within it in their place.
  func steps<Step>(_ field: String, _ read: (FieldReader) throws -> Step, inner: (Step) -> [Step]?) throws -> [Step] {
    var steps: [Step] = []
    for reader in try readers(field) {
      let step = try read(reader)
      steps += inner(step) ?? [step]
      guard steps.count <= Self.mostSteps else {
        throw TokenizerError.invalidField(
          file: file, field: path(of: field), expected: "up to \(Self.mostSteps) steps", found: "more")
      }
    }
    return steps
  }

  /// Refuses steps that together could turn a short text into one that fills the memory.
  func checkGrowth(_ steps: [(any TextStep)?], _ field: String, most: Int = mostGrowth) throws {
    guard steps.reduce(1, { $0 * ($1?.growth ?? 1) }) <= Double(most) else {
      throw TokenizerError.invalidField(
        file: file, field: path(of: field),
        expected: "steps that make a text up to \(most) times longer",
        found: "steps that can make it longer than that")
    }
  }
}
