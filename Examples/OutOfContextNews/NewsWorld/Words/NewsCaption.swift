extension Scene {
  /// A caption as a newspaper would print it. It names all five facts and adds things that no photo shows: who said
  /// so, what for, on which day.
  ///
  /// ```swift
  /// var generator = WorldGenerator(seed: 1)
  /// scene.newsCaption(using: &generator)  // such as "Three red boats moored in the harbour at dusk, officials said."
  /// ```
  ///
  /// Phrasing and words are drawn at random; the same generator state gives the same caption.
  package func newsCaption(using generator: inout some RandomNumberGenerator) -> String {
    // The plain word three times in four: common words should stay common.
    func word(_ words: [String]) -> Int {
      words.count > 1 && generator.chance(0.25) ? 1 + generator.below(words.count - 1) : 0
    }
    let numbers = numberWords(count)
    let subject = objectPhrase(
      number: numbers[word(numbers)], colour: colour.words[word(colour.words)], synonym: word(object.singulars))
    let location = place.locative(
      airborne: object.isAirborne, article: "the", word: place.words[word(place.words)])
    let moment = time.adverbs[word(time.adverbs)]
    let doing = generator.pick(object.doings)
    let be = count == 1 ? "was" : "were"
    let source = generator.pick(sources)
    let reason = generator.pick(reasons)
    switch generator.below(9) {
    case 0: return "\(subject) \(doing) \(location) \(moment), \(source) said.".sentence
    case 1: return "\(subject) \(doing) \(location) \(moment) \(reason).".sentence
    case 2: return "\(moment), \(subject) \(be) \(doing) \(location), \(source) said.".sentence
    case 3: return "\(subject) \(be) seen \(location) \(moment), \(source) reported.".sentence
    case 4: return "A photo taken \(moment) shows \(subject) \(location)."
    case 5: return "\(location), \(subject) \(be) \(doing) \(moment) \(reason).".sentence
    case 6: return "\(source) described \(subject) \(location) \(moment).".sentence
    case 7: return "Pictured \(moment): \(subject) \(doing) \(location) \(reason)."
    default: return "\(subject) \(location) \(moment).".sentence
    }
  }
}

// No number, colour, place or time among these, lest a caption contradict itself.
private let sources = [
  "officials", "police", "witnesses", "residents", "local media", "a spokesman", "organisers", "the mayor",
]

private let reasons = [
  "ahead of the vote", "as talks went on", "during the strike", "on Monday", "on Friday", "before the festival",
  "after the storm warning", "for the opening ceremony", "as the inquiry began", "despite a ban",
]
