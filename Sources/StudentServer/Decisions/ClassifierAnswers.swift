internal import Foundation
internal import ImageDecoding
internal import JSON
internal import TeacherProtocol

/// The answers of a student that is no language model to the questions of a request, all of which are the one that it learned.
struct ClassifierAnswers {
  let answers: [DecisionAnswer]
  /// Tokens of the item's text, counted once a question.
  let inputTokens: Int
  /// How many of them were read with a question before.
  let cachedTokens: Int

  /// - Parameters:
  ///   - request: from ``TrainedQuestion/asked(_:as:)``.
  ///   - trained: what it learned.
  init(_ request: DecisionRequest, _ trained: TrainedQuestion?) throws(ChatError) {
    guard let trained, let classifier = trained.classifier, let asked = request.item else {
      throw .unsupported("model", "This model's student answers no typed questions.")
    }
    var images: [RGBImage] = []
    for image in asked.images {
      do { images.append(try trained.decoder.decode(Array(image.bytes), name: image.field)) } catch {
        throw .invalid(image.field, "The image can't be used: \(error)", code: "invalid_image")
      }
    }
    let found: (probabilities: [Double], tokens: Int)
    do {
      found = try classifier(trained.fixed.filling(asked.item), images)
    } catch {
      throw .invalid("questions.\(trained.name)", "The state can't be put to the student: \(error)")
    }
    let labels = trained.calibrated(found.probabilities)
    answers = zip(request.questions, request.learned).map { question, order in
      DecisionAnswer(question: question, probabilities: (order ?? []).map { labels[$0] })
    }
    (inputTokens, cachedTokens) = (found.tokens * answers.count, found.tokens * max(0, answers.count - 1))
  }
}
