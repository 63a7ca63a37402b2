internal import DistillationConfiguration
internal import Foundation
internal import ImageDecoding
internal import Layers
internal import StudentModels
internal import TeacherProtocol
internal import Tensor
internal import Training
internal import VisionEncoder

extension DistillationRun {
  /// A matcher from nothing: its tower learns that photos find their captions by the sentence model's vectors; what it decides
  /// by is set on photos that the tower has not seen.
  func madeMatcher(
    _ matcher: MatcherConfiguration, _ pretrain: PretrainConfiguration, _ rows: [CaptionFile.Row], labels: LabelSet,
    root: URL, key: String
  ) throws -> ImageTextMatcher {
    var generator = Tensor.Generator(seed: UInt64(configuration.seed)).fork("base")
    guard let positive = labels.labels.first(where: { $0.name == configuration.positive }),
      let other = labels.labels.first(where: { $0.name != configuration.positive })
    else { throw RunError.unset("positive") }
    let sizes = ImageTextMatcherConfiguration(
      vision: matcher.tower, answers: .init(match: other.answer, mismatch: positive.answer))
    var student = try ImageTextMatcher(sizes, sentences: URL(filePath: matcher.textModel), using: &generator)
    let template = try PromptTemplate(configuration.prompt)
    // As the run's prompt has them.
    let taken = try taken(rows, pretrain) { caption, place in
      let item = configuration.captionItem(caption, of: rows[place])
      return try student.tokens(of: template.prompt(for: item, labels: labels).text)
    }
    let (rows, captions) = (taken.map { rows[$0.place] }, taken.map(\.results))
    let images = try captionImages(of: rows, pretrain, root: root, for: student)
    let border = rows.count - rows.count / 20
    var order = Array(rows.indices)
    order.shuffle(using: &generator)
    let (seen, kept) = (order[..<border].sorted(), order[border...].sorted())
    let pairs = seen.flatMap { row in
      captions[row].map { ContrastivePair(image: images[row], imageNumber: row, caption: $0) }
    }
    // All at once, and not a few in each update.
    _ = student.textVectors(pairs.map(\.caption))
    let objective = ContrastiveObjective<ImageTextMatcher>(
      pairs, temperature: Float(pretrain.temperature), epochs: pretrain.training.epochs,
      views: ImageViews(shift: pretrain.imageShift, seed: UInt64(configuration.seed)))
    var options = pretrain.training.options
    // Each epoch's views are examples of their own.
    (options.epochs, options.parts) = (1, pretrain.updateParts)
    student.setTrainable { $0.hasPrefix("vision_") }
    try train(&student, by: baseTrainer(options, key: key), objective: objective)
    let unseen = kept.isEmpty ? order : kept
    student.take(
      decision(of: student, unseen.map { images[$0] }, unseen.map { captions[$0] }, using: &generator))
    return student
  }

  /// What tells each photo's captions from as many of other photos.
  private func decision(
    of student: ImageTextMatcher, _ images: [PromptImage], _ captions: [[[Int]]],
    using generator: inout Tensor.Generator
  ) -> MatchDecision {
    var (matches, mismatches) = ([Double](), [Double]())
    for (place, own) in captions.enumerated() {
      let others = (0..<own.count).map { _ in
        let step = captions.count > 1 ? Int.random(in: 1..<captions.count, using: &generator) : 0
        let row = (place + step) % captions.count
        return captions[row].randomElement(using: &generator) ?? own[0]
      }
      let cosines = student.imageVectors([images[place]])
        .matmul(student.textVectors(own + others), transposeB: true).scalars.map(Double.init)
      matches += cosines.prefix(own.count)
      mismatches += cosines.dropFirst(own.count)
    }
    return MatchDecision(matches: matches, mismatches: mismatches)
  }
}

extension MatcherConfiguration {
  /// The tower's sizes as its config.json has them.
  var tower: ConvNeXtConfiguration {
    var tower = ConvNeXtConfiguration()
    (tower.widths, tower.depths, tower.imageSize, tower.patchSize) = (widths, depths, imageSize, patchSize)
    // Small towers learn faster where their layers count from the beginning.
    tower.layerScale = 0.1
    return tower
  }
}
