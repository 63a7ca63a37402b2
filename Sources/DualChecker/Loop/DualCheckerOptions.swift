/// The settings of the loop.
public struct DualCheckerOptions: Sendable, Equatable {
  /// Items labelled between two looks at the student. The default is 8.
  public var batch = 8
  /// Most questions of every kind; nil asks until the data ends.
  public var budget: Int?
  /// Demonstrations chosen for an item. The default is 4.
  public var shots = 4
  /// The details that are added when a teacher is asked again, in this order. The default is all but a second opinion.
  public var steps: [DetailStep] = [.longerText, .moreDemonstrations, .definitions]
  /// Most questions after the first. The default is 1.
  public var followUps = 1
  /// Which reply counts. The default is the surest.
  public var acceptance = AcceptanceRule.surest
  /// Whether the labelled pool chooses which reply counts: each of its records is asked with every follow-up, left out of its
  /// own prompt, and the rule is taken by which the answers have the highest macro F1; of equally good ones ``acceptance``. It
  /// takes the questions of the follow-ups, and with a ``budget`` at most half of what is left of it, or else is not done. The
  /// default is false.
  public var choosesAcceptance = false
  /// Whether the final student learns the answers to an item that do not count too, each as probable as it is: of spans, whose
  /// replies often agree on most words. The default is false.
  package var learnsAlternatives = false
  /// Replies less sure than this are asked again, 0...1. The default is 0.85.
  public var threshold = 0.85
  /// Precision for which the threshold is chosen on the labelled pool, 0...1; nil takes ``threshold`` as it is.
  public var targetPrecision: Double?
  /// Whether the pool's gold labels are explained by the teacher. The default is true.
  public var explains = true
  /// The most tokens of an explanation. The default is 96.
  package var explanationTokens = 96
  /// Rounds between two refinements of the template. The default is 8, as each of them asks about the whole pool
  /// again: of 300 records with a pool of 30, every 4 rounds of 8 would take as many questions for the pool as for the records.
  public var refinesEvery = 8
  /// Whether a refinement that lowers the score on the pool is rolled back. The default is true.
  public var rollsBack = true
  /// Older examples that the student sees again with each batch. The default is 24.
  public var replay = 24
  /// Questions that are open at one time. The default is 4.
  public var concurrency = 4
  /// Seed of what is shown again. The default is 1.
  public var seed: UInt64 = 1
  /// What is done about labels that may be wrong before the final student learns them. The default is `none`.
  package var labelNoise = LabelNoise.none
  /// Longest prompt in characters. The default is 24,000.
  public var contextCharacters = 24_000

  /// The defaults.
  public init() {}
}
