#if Run
  import Foundation
  import Layers
  import StudentModels
  import VisionEncoder
  import Wording

  /// What the folder of a model that compares photos with texts holds.
  enum MatcherFacts {
    static func facts(of folder: URL) throws -> [Fact] {
      let sizes = try ImageTextMatcherConfiguration(contentsOf: folder)
      let (tower, answers) = (sizes.vision, sizes.answers)
      var facts = [
        Fact(
          "model", "\(ImageTextMatcherConfiguration.modelType), which compares a photo with a text and writes nothing"),
        Fact(
          "tower",
          "ConvNeXt, \(tower.depths.reduce(0, +)) layers in \(NumberText.counted(tower.widths.count, "stage")) of widths "
            + "\(tower.widths.map(String.init).joined(separator: ", ")); photos stretched to "
            + "\(tower.imageSize) x \(tower.imageSize) pixels, a place of the first stage is \(tower.patchSize)"),
        Fact("answers", "\"\(answers.match)\" where they belong together, \"\(answers.mismatch)\" where they do not"),
      ]
      let sentences = try ImageTextMatcher.sentenceModel(in: folder)
      do {
        let matcher = try ImageTextMatcher(contentsOf: folder)
        if let decided = matcher.decided {
          facts.append(
            Fact(
              "decision",
              "P(\"\(answers.match)\") = 1 / (1 + exp(-\(NumberText.fixed(decided.scale, digits: 2)) (cosine - "
                + "\(NumberText.fixed(decided.border, digits: 3)))))"))
        }
        facts.append(
          Fact(
            "parameters",
            "\(Fact.number(matcher.parameterCount())) without the sentence model, which is not trained"))
        facts.append(Fact("sentence model", sentences.lastPathComponent))
        facts += try ModelFacts.sentence(sentences)
      } catch {
        facts.append(Fact("sentence model", sentences.lastPathComponent))
        facts.append(Fact(Fact.fault, FaultText.sentence(for: error)))
      }
      return facts
    }
  }
#endif
