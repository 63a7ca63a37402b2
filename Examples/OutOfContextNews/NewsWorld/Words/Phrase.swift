extension Scene {
  /// The named facts in plain words, as short as they can be said.
  ///
  /// ```swift
  /// let scene = Scene(object: .boat, colour: .red, count: 3, place: .harbour, time: .dusk)
  /// scene.phrase(naming: [.colour])                   // "red boats"
  /// scene.phrase(naming: [.count, .place])            // "three boats in a harbour"
  /// scene.phrase(naming: [.place, .time])             // "a harbour at dusk"
  /// scene.phrase(naming: Set(Fact.allCases))          // "three red boats in a harbour at dusk"
  /// ```
  ///
  /// Colour and count are said of the object, so they name it too. One object has "one" where the count is named and
  /// "a" where it is not.
  ///
  /// - Precondition: `facts` is not empty.
  package func phrase(naming facts: Set<Fact>) -> String {
    precondition(!facts.isEmpty, "a phrase names at least one fact")
    var parts: [String] = []
    let namesObject = !facts.isDisjoint(with: [.object, .colour, .count])
    if namesObject {
      parts.append(
        objectPhrase(
          number: facts.contains(.count) ? numberWords(count)[0] : nil,
          colour: facts.contains(.colour) ? colour.words[0] : nil, synonym: 0))
    }
    if facts.contains(.place) {
      let word = place.words[0]
      parts.append(
        namesObject
          ? place.locative(airborne: object.isAirborne, article: "a", word: word) : withArticle(word))
    }
    if facts.contains(.time) {
      parts.append(parts.isEmpty ? time.rawValue : time.adverbs[0])
    }
    return parts.joined(separator: " ")
  }

  /// Every short caption that is true of this scene, without repeats: all sets of facts, from one alone to all five.
  ///
  /// For pre-training on captions: a student that can say each fact alone and all together has learned to see them.
  package var factCaptions: [String] {
    let facts = Fact.allCases
    var seen: Set<String> = []
    return (1..<(1 << facts.count)).compactMap { bits in
      let phrase = phrase(naming: Set(facts.indices.filter { bits >> $0 & 1 == 1 }.map { facts[$0] }))
      return seen.insert(phrase).inserted ? phrase : nil
    }
  }

  /// "three red boats", "a red boat", "three people in red".
  package func objectPhrase(number: String?, colour: String?, synonym: Int) -> String {
    let noun = count == 1 ? object.singulars[synonym] : object.plurals[synonym]
    let body =
      switch (object, colour) {
      case (_, nil): noun
      case (.person, let colour?): "\(noun) in \(colour)"
      case (_, let colour?): "\(colour) \(noun)"
      }
    if let number { return "\(number) \(body)" }
    return count == 1 ? withArticle(body) : body
  }
}
