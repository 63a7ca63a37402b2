#if Run
  import Distillation
  import Foundation
  import LanguageModel
  import StudentModels
  import Wording

  /// What training a model takes: the tokens of a photo, the memory of an update, and what of it can be trained.
  enum TrainingFacts {
    /// Tokens of text of the prompt that an update is reckoned for, its answers, and the tokens of each.
    private static let (prompt, answers, answer) = (128, 3, 64)
    /// Texts of an encoder's update, and the tokens of each.
    private static let (texts, tokens) = (32, 128)

    /// Facts of a student whose weights take so many bytes as they are stored.
    static func facts(_ configuration: any FamilyConfiguration, in folder: URL, weightBytes: Int) -> [Fact] {
      let size = ModelSize(configuration)
      var (facts, row, photo) = ([Fact](), prompt + answers * answer, "")
      if configuration.tower != nil {
        do {
          let counts =
            try configuration.imageTokens(of: [(640, 480), (1920, 1080)], processorOf: folder) ?? [0, 0]
          row += counts[0]
          photo = ", the smaller of these photos"
          facts.append(
            Fact(
              "image tokens",
              "\(Fact.number(counts[0])) of a photo of 640 x 480 pixels, \(Fact.number(counts[1])) of one of 1920 x 1080"
            ))
        } catch {
          facts.append(Fact("image tokens", "not counted: \(FaultText.sentence(for: error))"))
        }
      }
      func memory(_ weights: Int) -> String {
        Fact.size(size.updateMemory(tokens: Double(row), scored: Double(answers * answer), weights: weights))
      }
      facts.append(
        Fact(
          "memory",
          "about \(memory(weightBytes)) for an update of Stage 1, \(memory(min(weightBytes, 2 * size.parameters))) with "
            + "student.precision: bfloat16 (LoRA of rank 16, \(prompt) tokens of text\(photo), \(answers) answers of \(answer); an "
            + "estimate from sizes)"))
      let tower =
        configuration.tower == nil ? "" : ", with student.lora.vision those of the vision tower and its connector"
      facts.append(
        Fact(
          "can be trained",
          "by LoRA the decoder's \(7 * configuration.text.layers) linear layers (\(Fact.number(size.adapter(rank: 16))) "
            + "parameters at rank 16)\(tower); token table, output head and other parts by name"))
      return facts
    }

    /// Facts of an encoder of so many weights, which take so many bytes as they are stored; nil for those of Float32.
    static func facts(_ encoder: TextEncoderConfiguration, weights: Int, bytes: Int? = nil) -> [Fact] {
      func memory(isWhole: Bool) -> String {
        Fact.size(
          TextUpdate.memory(weights: weights, bytes: bytes, tokens: Double(texts * tokens), isWhole: isWhole)
            + CostEstimate.overhead)
      }
      let maps = encoder.layers * (encoder.family == .modernbert ? 4 : 6)
      return [
        Fact(
          "memory",
          "about \(memory(isWhole: false)) for an update by LoRA, \(memory(isWhole: true)) for one of the whole "
            + "(\(texts) texts of \(tokens) tokens; an estimate from sizes)"),
        Fact("can be trained", "the whole, or by LoRA its \(maps) linear layers; with a head for texts or for tokens"),
      ]
    }
  }
#endif
