internal import ContentDigest
internal import Foundation
internal import ImageDecoding
internal import Layers
internal import StudentModels
internal import TeacherProtocol
internal import Tensor
internal import Tokenization
internal import DistillationConfiguration
internal import Training

extension DistillationRun {
  /// A digest of all that a base of this run is made from.
  func freshBaseKey(_ files: DataFiles) throws -> String {
    guard let fresh = configuration.student.fresh else { throw RunError.noStudent }
    let captions = try configuration.pretrain.map { try $0.json + digest(of: URL(filePath: $0.captions)) } ?? ""
    let asked =
      try fresh.matcher.map { try matcherKey(of: $0) }
      ?? (RunRules(of: folder).base == .question ? ContentDigest.of(fields: askedFields()) : "")
    return try StepRecords.key(
      files.key, fresh.json, captions + asked + captionImagesKey(), "\(configuration.seed)")
  }

  /// What a base is made from of the run's question.
  private func askedFields() throws -> [String] {
    let labels = try configuration.labelSet().labels.flatMap { [$0.name, $0.answer, $0.meaning] }
    return [configuration.prompt, configuration.positive ?? "", configuration.data.readPixels.mark] + labels
  }

  /// A digest of what a base that compares is made from besides: the sentence model, the question and its answers.
  private func matcherKey(of matcher: MatcherConfiguration) throws -> String {
    let folder = URL(filePath: matcher.textModel)
    try ModelFolder.demand(folder, example: ModelFolder.sentenceExample)
    return try ContentDigest.of(fields: [configuration.digests.digest(ofModel: folder)] + askedFields())
  }

  /// Makes a base in this run: fresh weights, a tokenizer of the run's own texts, pre-training where it is asked for.
  ///
  /// The folder base/ loads like any model folder.
  func makeFreshBase(_ data: RunData, labels: LabelSet, key: String) async throws {
    guard let fresh = configuration.student.fresh else { throw RunError.noStudent }
    let order = try RunRules(of: folder).rows
    let captions = try configuration.pretrain.map(captionRows)
    let base = folder.appending(path: "base")
    if let matcher = fresh.matcher, let pretrain = configuration.pretrain, let captions {
      try await onOwnThread {
        try madeMatcher(
          matcher, pretrain, order.ordered(captions), labels: labels, root: data.dataset.root, key: key
        ).save(to: base)
      }
      return
    }
    let texts =
      data.train.map(\.text) + (captions?.flatMap(\.captions) ?? []) + labels.labels.map(\.meaning)
      + [configuration.prompt]
    var generator = Tensor.Generator(seed: UInt64(configuration.seed)).fork("base")
    var student = try SmolVLM(
      fresh.modelConfiguration, vocabularySize: fresh.vocabularySize, splitsImages: fresh.splitsImages,
      textsForTokenizer: texts, using: &generator)
    if let pretrain = configuration.pretrain, let captions {
      student = try await onOwnThread { [student] in
        try pretrained(
          student, pretrain, order.ordered(captions), labels: labels, root: data.dataset.root, key: key)
      }
    }
    try student.save(to: base)
  }

  /// All weights trained on captions: likelihood, telling the own caption from others, the run's question about both.
  private func pretrained(
    _ start: SmolVLM, _ pretrain: PretrainConfiguration, _ rows: [CaptionFile.Row], labels: LabelSet, root: URL,
    key: String
  ) throws -> SmolVLM {
    var student = start
    let template = try PromptTemplate(configuration.prompt)
    // The label of a caption that fits its photo, and that of another photo's caption.
    let (fits, differs) = (labels.names.first { $0 != configuration.positive } ?? "", configuration.positive ?? "")
    func described(_ captions: [String], _ image: PromptImage) throws -> AnswerTree {
      try student.tree(question: "Describe the photo.", images: [image], answers: captions)
    }
    func judged(
      _ caption: String, _ label: String, of row: CaptionFile.Row, _ image: PromptImage
    ) throws -> AnswerTree {
      let question = try template.prompt(for: configuration.captionItem(caption, of: row), labels: labels)
      return try student.tree(
        question: question.text, images: question.images.map { image.at($0.place) },
        answers: [AnswerTemplate().answer(label, rationale: "", labels: labels)])
    }
    let photos = try captionImages(of: rows, pretrain, root: root, for: student)
    let taken = try taken(rows, pretrain) { caption, place in
      if pretrain.objective.contains(.captioning) { _ = try described([caption], photos[place]) }
      if pretrain.objective.contains(.matching) {
        for label in [fits, differs] { _ = try judged(caption, label, of: rows[place], photos[place]) }
      }
      return caption
    }
    let images = taken.map { photos[$0.place] }
    let rows = taken.map { row in
      var left = rows[row.place]
      left.captions = row.results
      return left
    }
    var generator = Tensor.Generator(seed: UInt64(configuration.seed)).fork("captions")
    var (supervised, contrastive) = ([AnswerTree](), [ContrastivePair]())
    func other(than row: Int) -> String {
      let index = rows.count > 1 ? (row + Int.random(in: 1..<rows.count, using: &generator)) % rows.count : row
      return rows[index].captions.randomElement(using: &generator) ?? rows[index].captions[0]
    }
    for (i, row) in rows.enumerated() {
      if pretrain.objective.contains(.captioning) {
        supervised.append(try naming(row.image) { try described(row.captions, images[i]) })
      }
      if pretrain.objective.contains(.contrastive) {
        contrastive += row.captions.compactMap { caption in
          let tokens = student.tokenizer.encode(caption, addingSpecialTokens: false)
          return tokens.isEmpty ? nil : .init(image: images[i], imageNumber: i, caption: tokens)
        }
      }
      if pretrain.objective.contains(.matching) {
        for (caption, label) in row.captions.flatMap({ [($0, fits), (other(than: i), differs)] }) {
          supervised.append(try naming(row.image) { try judged(caption, label, of: row, images[i]) })
        }
      }
    }
    var options = pretrain.training.options
    options.parts = pretrain.updateParts
    let objective = MixedObjective(SupervisedObjective<SmolVLM>(supervised), ContrastiveObjective<SmolVLM>(contrastive))
    try train(&student, by: baseTrainer(options, key: key), objective: objective)
    return student
  }

  /// The photos of captions' rows, as a student sees them.
  func captionImages(
    of rows: [CaptionFile.Row], _ pretrain: PretrainConfiguration, root: URL, for student: some Student
  ) throws -> [PromptImage] {
    let folder = pretrain.images.map { URL(filePath: $0) } ?? root
    let decoder = configuration.data.readPixels.decoder
    return try mapInParallel(rows) { row in
      Result { try student.image(decoder.decode(contentsOf: ImageReference.url(of: row.image, in: folder).path)) }
    }.map { try $0.get() }
  }

  /// What trains a base, from its checkpoint where there is one.
  func baseTrainer(_ options: TrainingOptions, key: String) -> Trainer {
    Trainer(
      stage: "base", options: options, seed: UInt64(configuration.seed),
      checkpoint: Checkpoint(url: folder.appending(path: "checkpoints/base.safetensors"), key: key))
  }
}

extension RunConfiguration {
  /// A caption as an item of the run, with its photo in the slot of the first image column.
  func captionItem(_ caption: String, of row: CaptionFile.Row) -> Item {
    let names = data.mapping.imageSlots
    let slots =
      [ImageSlot(name: names.first ?? "image", paths: [row.image])]
      + names.dropFirst().map { ImageSlot(name: $0, paths: []) }
    return Item(id: row.image, imageSlots: slots, fields: ["text": caption])
  }
}

extension RowOrder {
  /// The rows in this order: those of a file have no ids, so that they go by what they say.
  func ordered(_ rows: [CaptionFile.Row]) -> [CaptionFile.Row] {
    switch self {
    case .ofFile: rows
    case .byID:
      rows.sorted { a, b in
        a.image == b.image ? a.captions.lexicographicallyPrecedes(b.captions) : a.image < b.image
      }
    }
  }
}
