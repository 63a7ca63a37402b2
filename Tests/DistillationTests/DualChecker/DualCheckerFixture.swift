import Distillation
import DualChecker
import Foundation
import LanguageModel
import Layers
import StudentModels
import TeacherProtocol
import Tensor
import TextStudents
import Tokenization

/// A small task that a small encoder learns in seconds: which texts speak of water?
enum DualCheckerFixture {
  static func task() throws -> LabellingTask {
    try LabellingTask(
      binary: LabelSet([.init(name: "wet", aliases: ["1"]), .init(name: "dry", aliases: ["0"])], positive: "wet"))
  }

  static func spans() throws -> LabellingTask { try LabellingTask(spanTypes: [.init(name: "thing")]) }

  static func text(_ number: Int) -> String {
    let thing = ["rain", "dust", "river", "stone", "lake", "sand", "sea", "ash"][number % 8]
    return "number \(number) is about \(thing) and \(["more", "less", "else"][number % 3])"
  }

  static func example(_ number: Int) throws -> TrainingExample {
    TrainingExample(
      item: Item(id: "r\(number)", fields: ["text": text(number)]), answer: .label(number % 2 == 0 ? "wet" : "dry"))
  }

  static func span(_ number: Int) throws -> TrainingExample {
    let text = text(number)
    let word = text.split(separator: " ")[4]
    return TrainingExample(
      item: Item(id: "r\(number)", fields: ["text": text]),
      answer: try spans().answer(in: #"{"thing": "\#(word)"}"#, about: text))
  }

  /// A tiny encoder in a folder.
  static func encoder(in folder: URL) throws -> URL {
    var fresh = FreshEncoder()
    (fresh.hiddenSize, fresh.layers, fresh.heads, fresh.vocabularySize, fresh.maximumTokens) = (16, 1, 2, 330, 48)
    let place = folder.appending(path: "encoder")
    try fresh.write(to: place, texts: (0..<24).map(text), seed: 3)
    return place
  }

  /// The same of another family, with the same vocabulary.
  static func encoder(_ family: TextEncoderConfiguration.Family, in folder: URL) throws -> URL {
    let tokens = try encoder(in: folder)
    var c = TextEncoderConfiguration(family: family)
    (c.vocabularySize, c.hiddenSize, c.layers, c.heads) = (330, 16, 2, 2)
    (c.intermediateSize, c.maxPositions, c.paddingToken, c.initialDeviation) = (24, 52, 1, 0.1)
    if family == .electra { c.embeddingSize = 8 }
    if family == .modernbert {
      c.modern = .init(layers: 2)
      c.modern?.window = 8
    }
    var generator = Tensor.Generator(seed: 3)
    let classifier = try TextClassifier(
      model: SequenceClassifier(c, using: &generator), tokenizer: Tokenizer(contentsOf: tokens))
    let place = folder.appending(path: family.rawValue)
    try classifier.save(to: place)
    try FileManager.default.copyItem(
      at: tokens.appending(path: "tokenizer.json"), to: place.appending(path: "tokenizer.json"))
    return place
  }

  static var options: EncoderStudent.Options {
    var options = EncoderStudent.Options()
    (options.learningRate, options.epochs, options.batch) = (1e-2, 8, 8)
    return options
  }

  /// A configuration over records in a folder.
  static func configuration(in folder: URL, records: Int = 60) throws -> DualCheckerConfiguration {
    let rows = (0..<records).map {
      #"{"id": \#($0), "summary": "\#(text($0))", "detail": "\#(text($0)), they say", "label": \#($0 % 2 == 0 ? 1 : 0)}"#
    }
    let file = folder.appending(path: "records.json")
    try Data("[\(rows.joined(separator: ","))]".utf8).write(to: file)
    var run = DualCheckerConfiguration(data: DualCheckerDataConfiguration(file: file.path))
    run.task.labels = [
      LabelConfiguration(name: "wet", answer: "Yes", meaning: "Water.", aliases: ["1"]),
      LabelConfiguration(name: "dry", answer: "No", meaning: "None.", aliases: ["0"]),
    ]
    run.task.positive = "wet"
    run.store = folder.appending(path: "store").path
    run.aligner.pool = .count(8)
    run.loop.checkpointEvery = 2
    run.studentCheck.every = 2
    run.student.fresh.hiddenSize = 16
    (run.student.fresh.layers, run.student.fresh.heads, run.student.fresh.vocabularySize) = (1, 2, 330)
    (run.student.learningRate, run.student.epochs) = (1e-2, 4)
    (run.evaluation.draws, run.evaluation.every) = (2, 3)
    return run
  }
}

/// Counts calls from many tasks.
final class Counter: @unchecked Sendable {
  private let lock = NSLock()
  private var count = 0
  func next() -> Int {
    lock.lock()
    defer { lock.unlock() }
    count += 1
    return count
  }
}

/// Questions with their replies, from many tasks.
final class Exchanges: @unchecked Sendable {
  private let lock = NSLock()
  private var exchanges: [(TeacherRequest, TeacherReply)] = []

  func add(_ request: TeacherRequest, _ reply: TeacherReply) { lock.withLock { exchanges.append((request, reply)) } }

  var all: [(TeacherRequest, TeacherReply)] { lock.withLock { exchanges } }
}
