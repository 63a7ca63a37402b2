internal import ContentDigest
internal import DistillationConfiguration
internal import Foundation
internal import JSON
internal import LoRA
internal import StudentModels

/// A PEFT adapter that was trained elsewhere on rows of `distill export-training`.
struct TakenAdapter {
  private let folder: URL
  /// The key of the configuration that names it.
  private let key: String

  /// The file beside the adapter in which the script says what it was trained from.
  static let origin = "distillation.json"

  /// - Throws: ``RunError/foreignAdapter(key:_:differences:)`` where the folder lacks a file of an adapter.
  init(_ folder: URL, key: String) throws {
    (self.folder, self.key) = (folder, key)
    guard FileManager.default.fileExists(atPath: folder.path) else { throw RunError.missing(folder.path) }
    let lacks = AdapterFolder.lacks(folder)
    guard lacks.isEmpty else {
      throw RunError.foreignAdapter(key: key, folder.path, differences: lacks.map(\.description))
    }
  }

  /// A digest of the adapter.
  var digest: String {
    get throws {
      try ContentDigest.of(fields: AdapterFolder.files.map { try Distillation.digest(of: folder.appending(path: $0)) })
    }
  }

  /// The base with the adapter, once it is seen to be one that the run would train.
  ///
  /// - Parameters:
  ///   - rows: the key of the rows that the run would train it on now.
  ///   - tell: takes a word on a base that is not known, and on rows that are others now.
  /// - Throws: ``RunError/foreignAdapter(key:_:differences:)``; `LoRAError` for files that can't be read, options that are not
  ///   known here, and tensors that do not fit.
  func load<Model: Student>(
    on base: Model, _ baseKey: String, _ lora: LoRAConfiguration, trainedOn rows: String? = nil,
    tell: (String) -> Void = { _ in }
  ) throws -> (model: Model, lora: LoRAConfiguration) {
    let origin = try origin
    func refuse(_ difference: String) -> RunError {
      .foreignAdapter(key: key, folder.path, differences: [difference])
    }
    if let stage = origin["stage"]?.string, "\(stage).adapter" != key {
      throw refuse("\(Self.origin) says that it was trained by \(stage)")
    }
    if let other = origin["base"]?.string, other != baseKey {
      throw refuse(
        "\(Self.origin) says that it was trained on another base model (\(other.prefix(12)) in place of "
          + "\(baseKey.prefix(12)))")
    }
    if origin["base"]?.string == nil {
      tell(
        "\(folder.path) has no \(Self.origin) that says which base model it was trained on, and adapter_config.json names "
          + "\(baseName.map { "'\($0)'" } ?? "none"): that its shapes fit does not show that it is the run's own")
    }
    var model = base
    let loaded = try model.loadAdapter(from: folder)
    let differences = try model.differences(from: lora)
    guard differences.isEmpty else { throw RunError.foreignAdapter(key: key, folder.path, differences: differences) }
    if let rows, let other = origin["rows"]?.string, other != rows {
      tell(
        "\(folder.path) was trained on other rows than the run has now: items, replies, labels or settings of the "
          + "stage have changed since they were written; it is taken all the same")
    }
    return (model, loaded)
  }

  /// What adapter_config.json calls the base model.
  private var baseName: String? {
    let file = folder.appending(path: "adapter_config.json")
    guard let bytes = try? readRegularFile(file) else { return nil }
    return try? JSONParser.value(of: Array(bytes), .modelFile)["base_model_name_or_path"]?.string
  }

  private var origin: JSONValue {
    get throws {
      let file = folder.appending(path: Self.origin)
      guard FileManager.default.fileExists(atPath: file.path) else { return .null }
      do { return try JSONParser.value(of: Array(Data(contentsOf: file)), .modelFile) } catch {
        throw RunError.foreignAdapter(
          key: key, folder.path, differences: ["\(Self.origin) is damaged: \(error)"])
      }
    }
  }
}

extension StudentStages {
  /// Takes an adapter that was trained elsewhere as what a stage came to; skipped where it is done.
  ///
  /// - Parameter rows: the key of the rows that the stage would be trained on now.
  func take(_ name: String, from path: String, trainedOn rows: String) async throws -> TrainedStage {
    let taken = try TakenAdapter(URL(filePath: path), key: "\(name).adapter")
    let key = try StepRecords.key(baseKey, configuration.student.lora.json, taken.digest)
    let output = folder.appending(path: name)
    if records.isDone(name, key: key, outputs: Self.files(of: output), reporter: reporter) {
      return TrainedStage(adapter: output, key: key, steps: 0)
    }
    try await onOwnThread {
      let began = Date()
      let (model, lora) = try taken.load(
        on: base, baseKey, configuration.student.lora.asLoRA, trainedOn: rows
      ) { reporter.warn("\(name).adapter: \($0)") }
      records.begin(name)
      try model.saveAdapter(
        to: output, configuration: lora, baseModel: configuration.student.model ?? "base", taskType: "CAUSAL_LM")
      try records.finish(name, key: key, outputs: Self.files(of: output), seconds: Date().timeIntervalSince(began))
    }
    reporter.message("\(name): the adapter in \(path) is taken in place of training")
    return TrainedStage(adapter: output, key: key, steps: 0)
  }
}

extension DistillationRun {
  /// What the rows of a stage are made from: without labels those of Stage 1.
  func exportKey(_ state: RunState, labels: [String: String]? = nil) -> String {
    let settings = configuration.settingsKey(for: labels == nil ? .stage1 : .stage2)
    let given = (labels ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    return StepRecords.key(
      settings, state.data.key, state.train.keys, state.verdictsKey, given.joined(separator: "\n"))
  }
}
