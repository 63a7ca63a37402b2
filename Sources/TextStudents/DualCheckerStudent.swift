package import DualChecker
package import Foundation
package import Layers
package import TeacherProtocol
package import Training

/// A student that a DualChecker run trains: online while labels arrive, then anew on all of them.
package protocol DualCheckerStudent: OnlineStudent {
  /// The processes that train it together, each with a student of its own.
  var ranks: any Ranks { get set }

  /// Looks at items before anything is spent on them.
  ///
  /// - Throws: `TrainingError/unusableItem(_:_:)` for one that the student can't take.
  func check(_ items: [Item]) throws

  /// The parts of texts that it reads, where it cuts long ones; nil where it takes whole texts alone.
  func readParts(of items: [Item]) -> ReadParts?

  /// Trains for all epochs, from a checkpoint on where there is one for these inputs.
  ///
  /// - Parameters:
  ///   - pairs: items whose answers a teacher has ranked, for students that learn from preferences.
  ///   - onUpdate: called after each update with its number, the number of all, and the loss.
  mutating func train(
    on examples: [TrainingExample], pairs: [AnswerPair], checkpoint: Checkpoint?,
    onUpdate: @escaping @Sendable (Int, Int, Double) -> Void
  ) async throws

  /// Writes what others load: a model folder, or an adapter.
  func save(to folder: URL) throws

  /// Writes what training changes and the optimiser's state, so that ``restore(from:)`` goes on to the same bytes.
  func saveState(to checkpoint: Checkpoint) throws

  /// Takes up a state; false where there is none for these inputs.
  mutating func restore(from checkpoint: Checkpoint) throws -> Bool
}
