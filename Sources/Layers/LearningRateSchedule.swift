internal import Foundation

/// How the learning rate changes over the updates of a stage.
public struct LearningRateSchedule: Sendable, Codable, Equatable {
  /// The shape after the warm-up.
  public enum Shape: String, Sendable, Codable, CaseIterable {
    /// Half a cosine wave down to 0.
    case cosine
    /// A straight line down to 0.
    case linear
    /// No change.
    case constant
  }

  /// The shape after the warm-up. The default is cosine.
  package var shape: Shape = .cosine
  /// The highest rate.
  package var peak: Float
  /// Updates over which the rate rises from 0 to the peak.
  package var warmupSteps: Int
  /// All updates.
  package var totalSteps: Int

  /// A schedule.
  public init(shape: Shape = .cosine, peak: Float, warmupSteps: Int = 0, totalSteps: Int) {
    (self.shape, self.peak, self.warmupSteps, self.totalSteps) = (shape, peak, warmupSteps, totalSteps)
  }

  /// The rate of update `step`, counted from 0, as transformers' schedulers give it.
  public func rate(at step: Int) -> Float {
    if step < warmupSteps { return peak * Float(step) / Float(max(1, warmupSteps)) }
    let progress = Double(step - warmupSteps) / Double(max(1, totalSteps - warmupSteps))
    switch shape {
    case .constant: return peak
    case .linear: return peak * Float(max(0, 1 - progress))
    case .cosine: return peak * Float(max(0, 0.5 * (1 + cos(.pi * min(1, progress)))))
    }
  }
}
