package import DualChecker
package import Foundation
internal import Layers
internal import StudentModels
package import TeacherProtocol
internal import Tokenization
internal import Training

/// An encoder as ``EncoderStudent/save(to:)`` left it: it answers, and learns no more.
package struct TrainedEncoder: Sendable {
  private let task: LabellingTask
  private let network: any TextNetwork

  /// Reads a student's folder.
  ///
  /// - Throws: `StudentError` or the error of the file that can't be used; `NonFiniteWeight` where a weight is no number.
  package init(contentsOf folder: URL, task: LabellingTask) throws {
    self.task = task
    guard task.kind != .spans else {
      let tagger = try TokenTagger(contentsOf: folder)
      try tagger.refuseNonFiniteWeights(of: folder)
      network = tagger
      return
    }
    let classifier = try TextClassifier(contentsOf: folder)
    try classifier.refuseNonFiniteWeights(of: folder)
    // Classes are read by their places.
    guard classifier.labels == task.names else {
      throw StudentError.unusableFile(
        folder.appending(path: "config.json").path,
        expected: "the labels of the task in its order, \(task.names)", found: "\(classifier.labels)")
    }
    network = classifier
  }

  /// Its answers, as those of ``EncoderStudent/predictions(for:)``.
  package func predictions(for items: [Item]) async throws -> [StudentPrediction] {
    try await onOwnThread { [network, task] in try network.predictions(for: items.map(\.text), task: task) }
  }

  /// The parts of texts that it reads.
  package func readParts(of items: [Item]) -> ReadParts { network.readParts(of: items) }

  /// The classes' probabilities for one item, and the number of tokens that its text has.
  ///
  /// - Precondition: the task has classes.
  package func answer(to item: Item) throws -> (probabilities: [Double], tokens: Int) {
    guard let classifier = network as? TextClassifier else {
      preconditionFailure("TrainedEncoder: probabilities of classes from a student of spans")
    }
    return (try classifier.probabilities(for: [item.text])[0], try classifier.encoding(of: item.text).ids.count)
  }
}
