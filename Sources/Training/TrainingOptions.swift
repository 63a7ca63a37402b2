public import Layers

/// The settings of a training stage.
public struct TrainingOptions: Sendable, Equatable {
  /// Passes over the examples. The default is 3.
  public var epochs = 3
  /// Examples of an update. The default is 16.
  public var batch = 16
  /// The highest learning rate. The default is 1e-4.
  public var learningRate: Float = 1e-4
  /// How the rate falls after the warm-up. The default is cosine.
  public var schedule = LearningRateSchedule.Shape.cosine
  /// The share of updates over which the rate rises from 0, rounded up; a single update is made at the highest rate. The
  /// default is 0.03.
  public var warmup = 0.03
  /// Decay of matrices. The default is 0.
  public var weightDecay: Float = 0
  /// The largest gradient norm; nil does not limit. The default is 1.
  public var clippingNorm: Float? = 1
  /// Decay of Adam's first moment. The default is 0.9.
  public var beta1: Float = 0.9
  /// Decay of Adam's second moment. The default is 0.999.
  public var beta2: Float = 0.999
  /// Added to the root of Adam's second moment. The default is 1e-8.
  public var epsilon: Float = 1e-8
  /// Updates instead of epochs; nil counts epochs.
  public var steps: Int?
  /// Updates between checkpoints; 0 writes none. The default is 50.
  public var checkpointEvery = 50
  /// Parts into which an update is cut for the threads; results depend on it, never on the number of threads. The default is 4.
  public var parts = 4
  /// Examples of a part instead of the number of parts; nil goes by ``parts``. The default is nil.
  public var partSize: Int?

  /// The defaults.
  public init() {}

  /// Updates over this many examples.
  public func totalSteps(examples: Int) -> Int { steps ?? epochs * ((examples + batch - 1) / max(1, batch)) }

  /// Of so many updates, those over which the rate rises. The first of them has the rate 0, at which one alone would teach
  /// nothing.
  package func warmupSteps(of total: Int) -> Int {
    total > 1 ? Int((Double(total) * warmup).rounded(.up)) : 0
  }

  /// Examples of each part of an update over so many.
  func examplesOfPart(of count: Int) -> Int { partSize ?? max(1, (count + parts - 1) / max(1, parts)) }

  /// The optimiser of these settings, before its first update.
  package var optimizer: AdamW {
    AdamW(beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay, clippingNorm: clippingNorm)
  }
}
