/// The words for the facts. The first of each list is the plain one, used in short captions and rationales; the others
/// turn up in news captions.
extension NewsObject {
  /// Words for one of them.
  package var singulars: [String] {
    switch self {
    case .boat: ["boat", "sailing boat", "yacht"]
    case .car: ["car", "saloon car"]
    case .bus: ["bus", "coach"]
    case .truck: ["truck", "lorry"]
    case .balloon: ["balloon", "hot-air balloon"]
    case .helicopter: ["helicopter", "chopper"]
    case .tent: ["tent", "shelter"]
    case .flag: ["flag", "banner"]
    case .umbrella: ["umbrella", "parasol"]
    case .person: ["person", "marcher"]
    }
  }

  /// Words for several, in the order of `singulars`.
  package var plurals: [String] {
    switch self {
    case .bus: ["buses", "coaches"]
    case .truck: ["trucks", "lorries"]
    case .person: ["people", "marchers"]
    default: singulars.map { $0 + "s" }
    }
  }

  /// What they are doing, as it follows "were" or stands alone after the noun.
  package var doings: [String] {
    switch self {
    case .boat: ["moored", "anchored", "waiting"]
    case .car: ["parked", "stopped", "waiting"]
    case .bus: ["parked", "stopped", "waiting"]
    case .truck: ["parked", "waiting", "stopped"]
    case .balloon: ["drifting", "rising", "floating"]
    case .helicopter: ["hovering", "circling", "flying"]
    case .tent: ["pitched", "standing", "set up"]
    case .flag: ["flying", "raised", "waving"]
    case .umbrella: ["opened", "standing", "set up"]
    case .person: ["gathered", "waiting", "standing"]
    }
  }
}

extension NewsColour {
  /// Words for the colour.
  package var words: [String] {
    switch self {
    case .red: ["red", "scarlet"]
    case .purple: ["purple", "violet"]
    default: [rawValue]
    }
  }
}

extension NewsPlace {
  /// Words for the place alone.
  package var words: [String] {
    switch self {
    case .harbour: ["harbour", "port"]
    case .beach: ["beach", "seafront"]
    case .street: ["street", "road"]
    case .field: ["field", "farmland"]
    case .stadium: ["stadium", "football ground"]
    case .mountain: ["mountain", "mountainside"]
    case .parliament: ["parliament", "parliament building"]
    case .desert: ["desert", "dunes"]
    }
  }

  /// The place as it follows an object that stands or floats there, without article: "in", "on".
  private var preposition: String {
    switch self {
    case .harbour, .street, .field, .stadium, .desert: "in"
    case .beach, .mountain: "on"
    case .parliament: "outside"
    }
  }

  /// "in a harbour", or for what is in the sky "over a harbour".
  package func locative(airborne: Bool, article: String, word: String) -> String {
    "\(airborne ? "over" : preposition) \(article) \(word)"
  }
}

extension TimeOfDay {
  /// The time as it ends a sentence.
  package var adverbs: [String] {
    switch self {
    case .morning: ["in the morning", "early in the morning", "at dawn"]
    case .noon: ["at noon", "at midday", "around noon"]
    case .dusk: ["at dusk", "at sunset", "as the sun set"]
    case .night: ["at night", "after dark", "late at night"]
    }
  }
}

/// Words for how many there are.
package func numberWords(_ count: Int) -> [String] {
  switch count {
  case 1: ["one", "a single", "a lone"]
  case 2: ["two", "a pair of"]
  case 3: ["three", "a trio of"]
  default: ["four"]
  }
}

/// The word with "a" or "an" before it.
package func withArticle(_ words: String) -> String {
  (words.first.map { "aeiou".contains($0) } ?? false ? "an " : "a ") + words
}

extension String {
  /// The text with its first letter in upper case.
  package var sentence: String {
    prefix(1).uppercased() + dropFirst()
  }
}
