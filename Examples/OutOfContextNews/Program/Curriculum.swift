import NewsWorld

/// What a model in the making is asked about a photo of the split `pretrain`.
///
/// Those photos have captions and are in no pair, and nothing here reads the label of a pair. That a photo does not show
/// something is known without labels too: a true phrase with another fact put in is wrong, which is how hard negatives
/// are made for contrastive training (Yuksekgonul et al. 2023, "When and why vision-language models behave like bags of
/// words").
struct Curriculum: Sendable {
  /// Descriptions to write.
  var descriptions = 0
  /// Rows of words, one for each fact, to say Yes or No to one by one.
  var checks = 0
  /// News captions to match with the photo, and to give the reason for: asked the other way round than the task is.
  var matches = 0
  /// News captions to judge as the task asks, and to give the reason for.
  var newsCaptions = 0
  /// The facts that a wrong news caption may be wrong about. The default is all.
  var facts = Fact.allCases

  /// The prompt of the task, as the run's configuration gives it to teachers and student.
  static let prompt = "{text} Out of context?"
  static let describe = "Describe the photo."
  static let caption = "Caption this news photo."
  static let check = "Check."
  static func match(_ caption: String) -> String { "\(caption) Does the photo show this?" }
  static func task(_ caption: String) -> String { prompt.replacing("{text}", with: caption) }

  /// The questions of one look at a photo of this scene.
  func questions(about scene: Scene, using generator: inout WorldGenerator) -> [Question] {
    var questions: [Question] = []
    for _ in 0..<descriptions { questions.append(Self.description(of: scene, using: &generator)) }
    for _ in 0..<checks { questions.append(Self.check(of: scene, using: &generator)) }
    for _ in 0..<matches { questions.append(newsCaption(for: scene, isMatch: true, using: &generator)) }
    for _ in 0..<newsCaptions { questions.append(newsCaption(for: scene, isMatch: false, using: &generator)) }
    return questions
  }

  /// Texts from which a tokenizer learns the words that models of this world read and write.
  static func texts(scenes: [Scene], seed: UInt64) -> [String] {
    var generator = WorldGenerator(seed: seed, purpose: "texts")
    return scenes.flatMap { scene in
      let questions = Curriculum(descriptions: 2, checks: 1, matches: 1, newsCaptions: 1).questions(
        about: scene, using: &generator)
      return questions.flatMap { [$0.text, " " + $0.answer] } + ["User:", "\nAssistant:", " Yes. No."]
    }
  }

  /// All facts more often than a few: that is the most to be learnt from one look.
  private static func description(of scene: Scene, using generator: inout WorldGenerator) -> Question {
    if generator.chance(0.1) { return Question(text: caption, answer: scene.newsCaption(using: &generator)) }
    let count = generator.pick([1, 2, 5, 5, 5])
    let facts = Set(generator.shuffle(Fact.allCases).prefix(count))
    return Question(text: describe, answer: scene.phrase(naming: facts))
  }

  /// Such as "red Yes bus No dusk Yes two No street Yes": each verdict follows its word, so the model learns to hold a
  /// word against the photo as it reads it. Whole statements with one verdict at their end teach it far more slowly.
  private static func check(of scene: Scene, using generator: inout WorldGenerator) -> Question {
    let words = generator.shuffle(Fact.allCases).map { fact in
      let isTrue = generator.chance(0.5)
      let said = isTrue ? scene : scene.twin(differingIn: [fact], using: &generator)
      return said.word(for: fact, using: &generator) + (isTrue ? " Yes" : " No")
    }
    return Question(text: check, answer: words.joined(separator: " "), weighing: .verdicts)
  }

  /// - Parameter isMatch: whether Yes means that the photo shows what the caption says; else it means that it does not.
  private func newsCaption(for scene: Scene, isMatch: Bool, using generator: inout WorldGenerator) -> Question {
    let wrong = Set(generator.shuffle(facts).prefix(generator.chance(0.3) ? 2 : 1))
    let said = generator.chance(0.5) ? scene : scene.twin(differingIn: wrong, using: &generator)
    let caption = said.newsCaption(using: &generator)
    return Question(
      text: isMatch ? Self.match(caption) : Self.task(caption),
      answer: ((said == scene) == isMatch ? "Yes. " : "No. ") + Rationale.text(caption: said, photo: scene),
      weighing: .verdict(rest: 0.1))
  }
}

extension Scene {
  /// A word for one fact, the plain one more often than not.
  fileprivate func word(for fact: Fact, using generator: inout some RandomNumberGenerator) -> String {
    let words =
      switch fact {
      case .object: count == 1 ? object.singulars : object.plurals
      case .colour: colour.words
      case .count: numberWords(count)
      case .place: place.words
      case .time: [time.rawValue]
      }
    return generator.chance(0.7) ? words[0] : generator.pick(words)
  }
}
