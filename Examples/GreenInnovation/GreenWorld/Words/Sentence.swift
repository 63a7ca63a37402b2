/// Cause and effect in one or two sentences.
struct Sentence {
  let text: String
  let cause: String
  let effect: String

  /// `c` is the cause as a clause, `p` as a phrase, `e` the effect; capitals begin a sentence.
  private static let forms = [
    "By {p}, {e}.", "{C}, so that {e}.", "Because {c}, {e}.", "{E} because {c}.", "{C}; as a consequence, {e}.",
    "Since {c}, {e}.", "When {c}, {e}.", "{E}, which is achieved by {p}.", "It was found that {e} if {c}.",
    "{C}. Thanks to this, {e}.", "The idea: {c}. The result: {e}.", "{P} means that {e}.", "{E}; for this, {c}.",
    "Provided that {c}, {e}.", "{C}, and therefore {e}.", "The trick of {p} is that {e}.",
  ]

  static func draw(mechanism: Mechanism, effect: String, using generator: inout SeededGenerator) -> Sentence {
    let form = generator.pick(forms)
    let text = form.filled(["c": mechanism.clause, "p": mechanism.phrase, "e": effect])
    let spoken = form.contains("{p}") || form.contains("{P}") ? mechanism.phrase : mechanism.clause
    // As it stands there: with a capital where it begins a sentence.
    func standing(_ words: String) -> String { text.contains(words) ? words : words.capitalizedFirst }
    return Sentence(text: text, cause: standing(spoken), effect: standing(effect))
  }
}
