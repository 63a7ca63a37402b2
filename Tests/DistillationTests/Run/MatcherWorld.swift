import Distillation
import Foundation

/// A world whose base, which compares, and whose teachers are made in the run, over a sentence model of its own.
func withMatcherWorld(_ body: (RunWorld) async throws -> Void) async throws {
  try await withRunWorld { world in
    let sentences = world.folder.appending(path: "sentences")
    var encoder = FreshEncoder()
    (encoder.hiddenSize, encoder.heads, encoder.vocabularySize) = (16, 2, 300)
    try encoder.write(to: sentences, texts: world.items.map { "Caption \($0.id)" }, seed: 2)
    let captions = world.folder.appending(path: "data/captions.jsonl")
    try Data(
      (0..<3).map { #"{"image": "train\#($0).png", "captions": ["Caption of \#($0)", "Caption i\#($0)"]}"# + "\n" }
        .joined().utf8
    ).write(to: captions)
    try await body(
      world.with { c in
        var matcher = MatcherConfiguration(textModel: sentences.path)
        (matcher.imageSize, matcher.patchSize, matcher.widths, matcher.depths) = (16, 4, [4, 8], [1, 1])
        var fresh = FreshStudentConfiguration()
        fresh.matcher = matcher
        (c.student.model, c.student.fresh) = (nil, fresh)
        var pretrain = PretrainConfiguration(captions: captions.path)
        pretrain.objective = [.contrastive]
        pretrain.imageShift = 2
        pretrain.training = TrainingConfiguration(epochs: 3, batch: 4, learningRate: 1e-3)
        c.pretrain = pretrain
        c.makeTeachers()
      })
  }
}
