package import ConfigurationFiles

/// One label: its name in the data, the sentence with which an answer states it, and what it means.
package struct LabelConfiguration: ConfigurationSection {
  package var name: String
  /// The words with which a student's or teacher's answer states the label, ahead of the rationale. The default is the name.
  package var answer: String {
    get { statedAnswer ?? name }
    set { statedAnswer = newValue }
  }
  private var statedAnswer: String?
  package var meaning = ""
  /// Other spellings of the name in data files and recorded replies, such as `"0"`. The default is none.
  package var aliases: [String] = []

  package init(name: String, answer: String? = nil, meaning: String = "", aliases: [String] = []) {
    (self.name, statedAnswer, self.meaning, self.aliases) = (name, answer, meaning, aliases)
  }

  /// Labels of the out-of-context task: `pristine` and `falsified`.
  package static let outOfContext = [
    LabelConfiguration(
      name: "pristine", answer: "No, the photo belongs to the caption.",
      meaning: "The photo shows what the caption says."),
    LabelConfiguration(
      name: "falsified", answer: "Yes, the photo is used out of context.",
      meaning: "The photo comes from another event than the caption says."),
  ]

  /// A label without a name.
  package static let blank = LabelConfiguration(name: "")

  /// The label `pristine`.
  package static let example = outOfContext[0]

  /// The keys of an element of `labels`.
  package static let keys: [ConfigurationKey<LabelConfiguration>] = [
    ConfigurationKey(
      "name", \.name, "The label as data and results name it.", range: .nonBlank, requirement: "the label's name"),
    ConfigurationKey(
      "answer", \.statedAnswer, "The words that state the label at the head of an answer; without it the name.",
      range: .ifGiven(.nonBlank)),
    ConfigurationKey("meaning", \.meaning, "Meaning of the label, for people and prompts."),
    ConfigurationKey(
      "aliases", \.aliases,
      "Other spellings in data and recorded replies, and in a teacher's answer behind a key, as in \"Label: 0\".",
      range: .each(.nonBlank)),
  ]
}
