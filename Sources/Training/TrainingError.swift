internal import Wording

/// Faults of training.
public enum TrainingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A stage without examples.
  case noExamples(stage: String)
  /// The loss is no number any more.
  case diverged(stage: String, step: Int, loss: Double)
  /// A checkpoint that can't be used.
  case unusableCheckpoint(String, String)
  /// An item whose prompt or answers the student can't take: its id, and why.
  case unusableItem(String, String)

  /// The fault, its place, and the remedy.
  public var description: String {
    switch self {
    case .noExamples(let stage): "\(stage): there is no example to train on"
    case .diverged(let stage, let step, let loss):
      "\(stage): the loss is \(loss) at update \(step); lower the learning rate or raise the warm-up"
    case .unusableCheckpoint(let path, let why):
      "\(path): \(why.withoutFullStop); delete it to start the stage again"
    case .unusableItem(let id, let why): "item \(id): \(why)"
    }
  }
}
