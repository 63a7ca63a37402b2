internal import DistillationConfiguration
internal import Foundation
internal import ImageDecoding
internal import JSON
internal import LoRA
internal import Layers
internal import Reporting
internal import StudentModels
internal import TeacherProtocol
internal import Tensor
internal import Training
internal import TwoStage
internal import Wording

/// The folder from which both stages are trained by TRL.
struct TrainingFolder {
  private let configuration: RunConfiguration
  private let out: URL
  private let model: URL
  /// The run's folder, whose first stage is taken along where it is there.
  private let run: URL
  private let reporter: ProgressReporter

  init(_ configuration: RunConfiguration, _ out: URL, model: URL, run: URL, reporter: ProgressReporter) {
    (self.configuration, self.out, self.model) = (configuration, out, model)
    (self.run, self.reporter) = (run, reporter)
  }

  /// Refuses a folder that holds something else.
  func refuseOthers() throws {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: out.path)) ?? []
    guard names.isEmpty || names.contains("train.py") && names.contains("order.json") else {
      throw RunError.notExported(
        "--out",
        "\(out.path) has files in it and is no folder of distill export-training; give one that is new or empty")
    }
  }

  /// - Parameters:
  ///   - labels: people's, by item; nil writes Stage 1 alone.
  ///   - origins: by stage, the key of what its rows are made from.
  /// - Returns: what was written, a line each.
  func write<Model: PretrainedStudent>(
    _ base: Model, key: String, _ state: RunState, labels: [String: String]?, origins: [String: String]
  ) throws -> [String] {
    let pixels = configuration.data.readPixels
    let images = StudentImages(of: state.data.train, in: state.data.dataset) { file in
      // Damage and shapes show as in training; of the pixels nothing is kept.
      let picture = try pixels.decoder.decode(contentsOf: file.path)
      _ = try base.image(picture)
      return try base.blankImage(width: picture.width, height: picture.height)
    }
    let targets = try StageTargets(
      for: base, labels: state.labels, prompt: PromptTemplate(configuration.prompt), images: images,
      options: configuration.twoStageOptions)
    let first = try targets.supervisedTargets(state.judgements)
    guard !first.isEmpty else { throw RunError.noExample(targets.setAside.all, by: configuration, state) }
    let second = try labels.map { try targets.preferenceTargets(state.judgements, labels: $0) }
    let used = (first + (second ?? []).map(\.target)).flatMap { $0.question.images.map(\.path) }
    let paths = Array(Set(used)).sorted()
    let files = self.files(of: paths, in: state.data.dataset)
    let script = try TRLScript(base, configuration, model: model, key: key, hasImages: !files.isEmpty, origins: origins)
    let rows = ExportedRows(
      student: base, isConversation: script.isConversation, hasImages: !files.isEmpty, images: files)
    let answers = first.enumerated().flatMap { rows.supervised($1, example: $0) }
    let pairs = try (second ?? []).enumerated().flatMap {
      try rows.preferences($1, example: $0, configuration.stage2)
    }
    var order = ["stage1": self.order("stage1", configuration.stage1.training, first.count)]
    if let second, !second.isEmpty {
      order["stage2"] = self.order("stage2", configuration.stage2.training, second.count)
    }
    // What can't be written was found above; these two, by which the folder is known again, come first.
    try OwnerOnly.makeFolder(out)
    let text = script.text(examples: ["stage1": first.count, "stage2": second?.count ?? 0])
    try OwnerOnly.write(Data(text.utf8), to: out.appending(path: "train.py"))
    let epochs = JSONValue.object(order.sorted { $0.key < $1.key }.map { .init($0.key, .array($0.value)) })
    try OwnerOnly.write(Data((epochs.text + "\n").utf8), to: out.appending(path: "order.json"))
    try OwnerOnly.write(
      Data(script.readme(first: first.count, second: second?.count).utf8), to: out.appending(path: "README.md"))
    try copyImages(files, of: state.data.dataset)
    var lines = [try write(answers, examples: first.count, to: "stage1")]
    if let second, !second.isEmpty {
      lines.append(try write(pairs, examples: second.count, to: "stage2"))
    } else {
      try? FileManager.default.removeItem(at: out.appending(path: "stage2/rows.jsonl"))
      if second != nil {
        lines.append("stage2 has no rows, since no conflict has a label: the student stays as stage1 leaves it")
      }
    }
    try writeAdapters(base)
    let refused = targets.setAside.all
    if let one = refused.first {
      lines.append(
        "\(NumberText.counted(refused.count, "item")) can't be put to the student, the first: item \(one.item): \(one.reason)"
      )
    }
    return lines
  }

  private func write(_ rows: [JSONValue], examples: Int, to stage: String) throws -> String {
    try OwnerOnly.makeFolder(out.appending(path: stage))
    var data = Data()
    for row in rows { data.append(contentsOf: (row.text + "\n").utf8) }
    try OwnerOnly.write(data, to: out.appending(path: "\(stage)/rows.jsonl"))
    return "\(stage)/rows.jsonl: \(NumberText.counted(rows.count, "row")) of \(NumberText.counted(examples, "item"))"
  }

  /// The examples of each epoch in the order in which training here goes through them.
  private func order(_ stage: String, _ training: TrainingConfiguration, _ examples: Int) -> [JSONValue] {
    let trainer = Trainer(stage: stage, options: training.options, seed: UInt64(configuration.seed))
    return (0..<training.epochs).map { .array(trainer.shuffled(examples, $0).map { .number($0) }) }
  }

  /// The files of images in the folder, under numbers, by their paths in the data.
  private func files(of paths: [String], in dataset: Dataset) -> [String: String] {
    let named = paths.enumerated().map { number, path -> (String, String) in
      let ending = dataset.imageURL(path).pathExtension
      let digits = String(repeating: "0", count: max(0, 7 - "\(number)".count)) + "\(number)"
      return (path, "images/" + digits + (ending.isEmpty ? "" : ".\(ending)"))
    }
    return Dictionary(uniqueKeysWithValues: named)
  }

  private func copyImages(_ files: [String: String], of dataset: Dataset) throws {
    guard !files.isEmpty else { return }
    try OwnerOnly.makeFolder(out.appending(path: "images"))
    for (path, name) in files.sorted(by: { $0.value < $1.value }) {
      let copy = out.appending(path: name)
      try? FileManager.default.removeItem(at: copy)
      try FileManager.default.copyItem(at: dataset.imageURL(path).resolvingSymlinksInPath(), to: copy)
    }
  }

  /// The adapter that Stage 1 begins with, as the run would make it, and the one that Stage 2 goes on from where it is there.
  private func writeAdapters(_ base: some PretrainedStudent) throws {
    var student = base
    let lora = configuration.student.lora.asLoRA
    try student.attachAdapter(lora, seed: UInt64(configuration.seed))
    try student.saveAdapter(
      to: out.appending(path: "start"), configuration: lora, baseModel: configuration.student.model ?? "base",
      taskType: "CAUSAL_LM")
    if case .adapter(let other) = configuration.stage2.reference {
      try copyAdapter(URL(filePath: other), to: out.appending(path: "reference"))
    }
    let place = out.appending(path: "stage1/adapter")
    func files(in folder: URL) -> [Data] {
      AdapterFolder.files.compactMap { try? Data(contentsOf: folder.appending(path: $0)) }
    }
    let (done, there) = (
      configuration.stage1.adapter.map { URL(filePath: $0) } ?? run.appending(path: "stage1"), files(in: place)
    )
    guard there.isEmpty else {
      // What was trained in the folder stays, and Stage 2 goes on from it.
      guard configuration.stage1.adapter == nil || files(in: done) == there else {
        throw RunError.notExported(
          "stage1.adapter",
          "\(place.path) holds another adapter, from which stage2 would go on; give another folder by --out")
      }
      return
    }
    if files(in: done).count == AdapterFolder.files.count { try copyAdapter(done, to: place) }
  }

  private func copyAdapter(_ source: URL, to place: URL) throws {
    try OwnerOnly.makeFolder(place)
    for name in AdapterFolder.files {
      try OwnerOnly.write(Data(contentsOf: source.appending(path: name)), to: place.appending(path: name))
    }
  }
}
