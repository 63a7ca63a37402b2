internal import Foundation
public import ImageDecoding
internal import Layers
public import StudentModels
public import TeacherProtocol
internal import Training
internal import TwoStage

/// Any student as a teacher in this process: label by scoring the labels' answers, rationale by greedy generation.
///
/// Its confidence is the probability of its label among the labels, from the model's own token probabilities.
public struct ModelTeacher<Model: Student>: BatchTeacher {
  /// A map from an image to the picture that the teacher sees.
  public typealias ImageTransform = @Sendable (RGBImage) -> RGBImage

  /// The name under which its votes are counted.
  public let name: String
  /// The digest of the weights, and how it sees.
  public let model: String
  /// Questions computed at one time. The default is 32.
  public let batchSize: Int
  private let student: Model
  private let transform: ImageTransform
  private let decoder: ImageDecoder
  /// What earlier questions began with, the instructions and demonstrations that many have in common: it is not read again.
  private let kept = KeptBeginnings(bytes: 256 << 20)

  /// A teacher.
  ///
  /// - Parameters:
  ///   - name: under which its votes are counted.
  ///   - student: what answers.
  ///   - modelDigest: what its weights are remembered by; change it with the weights.
  ///   - transform: changes images before they are seen. The default changes nothing.
  ///   - batchSize: questions computed at one time.
  ///   - decoder: reads images. The default gives the pixels that a model is to see.
  public init(
    _ name: String, student: Model, modelDigest: String, batchSize: Int = 32, decoder: ImageDecoder = ImageDecoder(),
    transform: @escaping ImageTransform = { $0 }
  ) {
    self.decoder = decoder
    self.name = name
    self.student = student
    self.transform = transform
    self.batchSize = batchSize
    model = modelDigest
  }

  /// Answers the questions; those with `maximumTokens` 1 by their label alone.
  public func replies(to requests: [TeacherRequest]) async throws -> [TeacherReply] {
    try await onOwnThread { try answers(to: requests) }
  }

  package func answers(to requests: [TeacherRequest]) throws -> [TeacherReply] {
    guard let first = requests.first else { return [] }
    // What several questions are about is read, and goes through the tower, once.
    let files = Array(Set(requests.flatMap { $0.images.map(\.file) }))
    let read = mapInParallel(files) { file in
      Result { student.encoded(try student.image(transform(try decoder.decode(contentsOf: file.url.path)))) }
    }
    let seen = Dictionary(uniqueKeysWithValues: zip(files, read))
    let prompts = try mapInParallel(requests) { request in
      Result { () throws -> LabelQuestion in
        let images = try request.images.compactMap { try seen[$0.file]?.get().at($0.place) }
        return try student.labelQuestion(
          request.prompt, images: images, labels: request.labels.labels.map(\.answer))
      }
    }.map { try $0.get() }
    let limit = first.parameters.maximumTokens
    let answers: [LabelAnswer]
    do {
      answers = try student.labelAnswers(prompts, rationaleTokens: limit > 1 ? limit : 0, keeping: kept)
    } catch {
      throw TeacherUnavailable(teacher: name, reason: "\(error)")
    }
    return zip(zip(requests, prompts), answers).map {
      let ((request, prompt), answer) = $0
      let label = request.labels.labels[answer.chosen]
      var reply = TeacherReply(
        outcome: answer.isTied ? .abstained : .answered(label.name), rationale: answer.rationale,
        confidence: Confidence(answer.probabilities[answer.chosen], source: .labelTokenProbability),
        raw: label.answer + (answer.rationale.isEmpty ? "" : ". " + answer.rationale),
        usage: .init(inputTokens: prompt.tree.prompt.count, outputTokens: answer.rationale.utf8.count / 4 + 1))
      reply.isRationaleCut = answer.isRationaleCut
      reply.probabilities = Dictionary(
        zip(request.labels.names, answer.probabilities), uniquingKeysWith: { first, _ in first })
      return reply
    }
  }
}

extension ModelTeacher: ComputedTeacher {}
