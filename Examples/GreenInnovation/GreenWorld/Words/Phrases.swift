/// What stands around the sentence that matters. It speaks of the environment, or of comfort, whatever the label is.
struct Phrases {
  let opening: String
  let closing: String?
  /// What is claimed at the end of the summary, or of the longer text.
  let claim: String
  let setting: String
  let remark: String?

  /// What is claimed of a green innovation, by its path.
  static let claims = [
    [
      "Energy is saved in this way.", "Less fuel has to be burnt.", "The lower consumption pays back within a year.",
      "Power stations have less to deliver.", "Heat that was lost is put to use.",
      "Its energy class rises by one step.",
    ],
    [
      "Raw material is saved in this way.", "There is less to throw away.", "What is left over is used again.",
      "It stays in use for longer.", "Fewer parts have to be made anew.", "At the end it can be recycled.",
    ],
    [
      "The air stays cleaner.", "Nothing harmful gets into rivers.", "Neighbours and workers breathe less of it.",
      "The limits for pollutants are kept with ease.", "Poisonous residues do not arise.",
      "Emissions are lower at every load.",
    ],
    [
      "Plants and animals are spared.", "Water is left to the river.", "The soil recovers.",
      "Land need not be taken for it.", "Wildlife is not disturbed.", "Groundwater is protected.",
    ],
  ]

  /// What is said of something else, in words that claims have.
  static let denials = [
    "It needs as much energy as before.", "No raw material is saved by it.",
    "Its emissions are those of the older model.",
    "Whether it spares water was not looked at.", "Recycling of it stays as hard as it was.",
    "The consumption does not change.", "It is meant for those who like plants and animals.",
    "Customers value it more than a better energy class.",
  ]

  /// What speaks for something else.
  static let praises = [
    "Users save time in this way.", "It is more fun to use.", "Customers asked for it.", "It sells at a higher price.",
    "Work goes on without a pause.", "Training takes less time.", "It looks better in the shop.", "Comfort is better.",
    "Accidents become rarer.", "Quality is more even.",
  ]

  static let shares = [
    "a third", "a quarter", "a fifth", "about 12 %", "some 30 %", "nearly half", "8 to 10 %", "17 %",
  ]

  private static let openings = [
    "The invention concerns {a} {thing}.", "Proposed is {a} {thing} for {place}.",
    "This is about {a} {thing} with {a2} {part}.",
    "{A} {thing} is described.", "Known devices of this kind waste energy and are loud.",
    "Makers of such devices are asked to cut their emissions.", "Users of {a} {thing} want it quick and cheap.",
    "{A} {thing} usually has {a2} {part} that is hard to reach.",
    "With {a} {thing} in {place}, comfort counts as much as cost.",
    "Recycling of {a} {thing} is seldom thought of.", "The task was to improve {a} {thing}.",
    "In {place}, {a} {thing} is under stress all day.", "Water, dust and heat wear down the {part} of {a} {thing}.",
    "The market for the {thing} has grown, and so have the demands on it.",
  ]
  private static let closings = [
    "It suits {place} as well as {place2}.", "No new tools are needed.", "Older models can be fitted with it.",
    "A prototype has run for a year.", "The {part} may have any shape.", "Its cost is small.",
    "The controller needs no change.", "Claims cover the {part} too.",
  ]
  private static let settings = [
    "The {part} is mounted in the usual way.", "In one embodiment the {part} is doubled.",
    "Tests were made in {place}.",
    "The figures show the {part} in section.", "A variant for {place} has a larger {part}.",
    "The order of the steps may be changed.",
  ]
  private static let remarks = [
    "Further examples are given below.", "The drawing is not to scale.", "Other materials may be used.",
    "Servicing stays as it was.", "Energy and waste were recorded in every test.",
    "The standard for such devices is kept.",
  ]
  private static let places = [
    "small workshops", "a school", "coastal towns", "a hospital", "large kitchens", "cold regions", "a bakery",
    "rented flats", "an airport", "mountain huts", "a textile mill", "a warehouse",
  ]

  /// - Parameters:
  ///   - path: of a green innovation; nil for anything else.
  init(thing: Thing, path: Int?, using generator: inout SeededGenerator) {
    let (place, part) = (generator.pick(Self.places), generator.pick(thing.parts))
    let values = [
      "a": Self.article(thing.name), "a2": Self.article(part), "thing": thing.name, "part": part, "place": place,
      "place2": generator.pick(Self.places.filter { $0 != place }),
    ]
    claim = generator.pick(path.map { Self.claims[$0] } ?? (generator.happens(0.4) ? Self.denials : Self.praises))
    opening = generator.pick(Self.openings).filled(values)
    closing = generator.happens(0.5) ? generator.pick(Self.closings).filled(values) : nil
    setting = generator.pick(Self.settings).filled(values)
    remark = generator.happens(0.6) ? generator.pick(Self.remarks).filled(values) : nil
  }

  private static func article(_ noun: String) -> String {
    "aeiou".contains(noun.prefix(1)) ? "an" : "a"
  }
}
