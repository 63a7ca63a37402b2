package import Foundation
internal import ImageDecoding
package import VisionEncoder

/// The config.json of an ``ImageTextMatcher``.
package struct ImageTextMatcherConfiguration: Codable, Sendable, Equatable {
  /// What `model_type` says.
  package static let modelType = "image_text_matcher"

  /// What it answers where image and text belong together, and where they don't.
  package struct Answers: Codable, Sendable, Equatable {
    package var match: String
    package var mismatch: String

    /// - Precondition: neither is empty, and they differ.
    package init(match: String, mismatch: String) {
      precondition(!match.isEmpty && !mismatch.isEmpty && match != mismatch, "the answers '\(match)' and '\(mismatch)'")
      (self.match, self.mismatch) = (match, mismatch)
    }

    /// Both, that of a match first.
    package var words: [String] { [match, mismatch] }

    /// Whose words a text begins with: 0 for a match, 1 for a mismatch, the longer words where both fit; nil for others.
    package func number(of text: String) -> Int? {
      words.indices.filter { number in
        guard text.hasPrefix(words[number]) else { return false }
        let next = text.dropFirst(words[number].count).first
        return next.map { !$0.isLetter && !$0.isNumber } ?? true
      }.max { words[$0].count < words[$1].count }
    }
  }

  /// The tower.
  package var vision: ConvNeXtConfiguration
  package var answers: Answers

  package init(vision: ConvNeXtConfiguration, answers: Answers) {
    (self.vision, self.answers) = (vision, answers)
  }

  /// Reads the config.json of a matcher's folder.
  ///
  /// - Throws: ``StudentError/unusableFile(_:expected:found:)``.
  package init(contentsOf folder: URL) throws { self = try readJSON(folder.appending(path: "config.json")) }

  /// Images are stretched to the tower's square, samples from -1 to 1.
  var processing: CLIPImageProcessor.Configuration {
    var processing = CLIPImageProcessor.Configuration.siglip
    processing.size = .exactly(width: vision.imageSize, height: vision.imageSize)
    processing.filter = .bilinear
    return processing
  }

  private enum CodingKeys: String, CodingKey {
    case type = "model_type"
    case vision = "vision_config"
    case answers
  }

  package init(from decoder: any Decoder) throws {
    let keys = try decoder.container(keyedBy: CodingKeys.self)
    let type = try keys.decode(String.self, forKey: .type)
    guard type == Self.modelType else {
      throw DecodingError.dataCorruptedError(
        forKey: .type, in: keys, debugDescription: "model_type \(type) must be \(Self.modelType)")
    }
    vision = try keys.decode(ConvNeXtConfiguration.self, forKey: .vision)
    answers = try keys.decode(Answers.self, forKey: .answers)
    guard !answers.match.isEmpty, !answers.mismatch.isEmpty, answers.match != answers.mismatch else {
      throw DecodingError.dataCorruptedError(
        forKey: .answers, in: keys, debugDescription: "answers must be two different words")
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var keys = encoder.container(keyedBy: CodingKeys.self)
    try keys.encode(Self.modelType, forKey: .type)
    try keys.encode(vision, forKey: .vision)
    try keys.encode(answers, forKey: .answers)
  }
}
