internal import ContentDigest
public import TeacherProtocol

/// Calibrations of the teachers' confidences, learned from items whose truth is known: one for every teacher and
/// source, since numbers of different sources measure different things.
///
/// ```swift
/// let calibrations = TeacherCalibrations(annotations, truth: ["7": "falsified"])
/// calibrations.calibrated(annotation)  // 0.71 in place of a stated 0.95, its source kept
/// ```
public struct TeacherCalibrations: Sendable {
  /// How confidences are mapped.
  public enum Method: String, Sendable, CaseIterable {
    /// By one temperature, which some tens of answers settle.
    case temperature
    /// By pooling, which bends to any shape and wants some hundreds of answers.
    case isotonic
  }

  /// One teacher and source.
  package struct Row: Sendable {
    package let teacher: String
    /// Where its confidences come from.
    package let source: Confidence.Source
    /// Answers whose truth is known.
    package let answers: Int
    /// The share of them that is right.
    package let accuracy: Double
    /// Expected calibration error of the confidences as stated.
    package let errorBefore: Double
    /// The same after calibration, each half of the answers by a calibration learned on the other half.
    package let errorAfter: Double
    /// The reliability curve as stated.
    package let curve: Reliability
    /// The lowest stated confidence with the wanted precision; nil where none has it.
    package let threshold: PrecisionThreshold?
    fileprivate let calibration: any ConfidenceCalibration
  }

  /// By teacher and source, in the order of their names; those with fewer answers than the minimum are left out.
  package let rows: [Row]

  /// Learns from replies.
  ///
  /// - Parameters:
  ///   - annotations: replies; those with a label and a confidence count.
  ///   - truth: the true label by item.
  ///   - method: how confidences are mapped. The default is by temperature.
  ///   - precision: the share of right answers that a threshold is found for. The default is 0.95.
  ///   - minimum: fewest answers of a teacher and source. The default is 20.
  public init(
    _ annotations: [Annotation], truth: [String: String], method: Method = .temperature, precision: Double = 0.95,
    minimum: Int = 20
  ) {
    struct Key: Hashable {
      let teacher: String
      let source: Confidence.Source
    }
    typealias Answer = (confidence: Double, isRight: Bool)
    var groups: [Key: [(item: String, answer: Answer)]] = [:]
    for annotation in annotations {
      guard let label = annotation.reply.label, let confidence = annotation.reply.confidence,
        let right = truth[annotation.item]
      else { continue }
      let key = Key(teacher: annotation.teacher, source: confidence.source)
      groups[key, default: []].append((annotation.item, (confidence.value, label == right)))
    }
    func calibration(_ answers: [Answer]) -> any ConfidenceCalibration {
      let (confidences, correct) = (answers.map(\.confidence), answers.map(\.isRight))
      return switch method {
      case .temperature: TemperatureCalibration(confidences: confidences, correct: correct)
      case .isotonic: IsotonicCalibration(confidences: confidences, correct: correct)
      }
    }
    let order = groups.keys.sorted { ($0.teacher, $0.source.rawValue) < ($1.teacher, $1.source.rawValue) }
    rows = order.compactMap { key in
      guard let known = groups[key], known.count >= max(2, minimum) else { return nil }
      // Drawn by a hash of the item: which half an answer is in does not depend on the order in which the answers come.
      let answers = known.map { (draw: ContentDigest.of(fields: [$0.item]), answer: $0.answer) }.sorted {
        ($0.draw, $0.answer.confidence, $0.answer.isRight ? 1 : 0)
          < ($1.draw, $1.answer.confidence, $1.answer.isRight ? 1 : 0)
      }.map(\.answer)
      let halves = (0...1).map { half in answers.indices.filter { $0 % 2 == half }.map { answers[$0] } }
      let crossed = zip(halves, halves.reversed().map(calibration)).flatMap { half, other in
        half.map { (confidence: other.calibrated($0.confidence), isRight: $0.isRight) }
      }
      func reliability(_ answers: [Answer]) -> Reliability {
        Reliability(confidences: answers.map { min(max($0.confidence, 0), 1) }, correct: answers.map(\.isRight))
      }
      let curve = reliability(answers)
      return Row(
        teacher: key.teacher, source: key.source, answers: answers.count,
        accuracy: Double(answers.filter(\.isRight).count) / Double(answers.count),
        errorBefore: curve.expectedCalibrationError, errorAfter: reliability(crossed).expectedCalibrationError,
        curve: curve,
        threshold: PrecisionThreshold(
          precision, confidences: answers.map(\.confidence), correct: answers.map(\.isRight), minimum: 10),
        calibration: calibration(answers))
    }
  }

  /// The reply's confidence, calibrated; as stated where too little is known of its teacher and source, and nil where the
  /// reply has none.
  public func calibrated(_ annotation: Annotation) -> Confidence? {
    guard let confidence = annotation.reply.confidence else { return nil }
    guard let row = rows.first(where: { $0.teacher == annotation.teacher && $0.source == confidence.source }) else {
      return confidence
    }
    return confidence.calibrated(by: row.calibration)
  }
}
