/// What is done: a clause, and the same as a phrase that begins with a verb in -ing.
struct Mechanism {
  let clause: String
  let phrase: String

  private static let forms: [(String, String)] = [
    ("{stuff} lines the {part}", "lining the {part} with {stuff}"),
    ("a {sensor} watches the {part}", "watching the {part} with a {sensor}"),
    ("the {part} is split into {few} zones", "splitting the {part} into {few} zones"),
    ("the {part} is pressed from {stuff} in one piece", "pressing the {part} from {stuff} in one piece"),
    ("a flap closes the {part} between two cycles", "closing the {part} with a flap between two cycles"),
    ("the {part} and the {other} share one drive", "letting the {part} and the {other} share one drive"),
    ("the controller learns when the {thing} is used", "letting the controller learn when the {thing} is used"),
    ("the {part} is held by clips", "holding the {part} by clips"),
    ("the {part} is driven by a second, slower motor", "driving the {part} by a second, slower motor"),
    ("the surface of the {part} is ribbed like {model}", "ribbing the surface of the {part} like {model}"),
    ("the {part} hangs on {few} springs", "hanging the {part} on {few} springs"),
    ("a loop leads from the {part} back to the {other}", "leading a loop from the {part} back to the {other}"),
    ("the {other} sits below the {part}", "putting the {other} below the {part}"),
    (
      "{stuff} fills the gap between the {part} and the {other}",
      "filling the gap between the {part} and the {other} with {stuff}"
    ),
    ("the {part} turns against the {other}", "turning the {part} against the {other}"),
    ("the {part} is welded by ultrasound", "welding the {part} by ultrasound"),
    (
      "the opening of the {part} follows the reading of a {sensor}",
      "setting the opening of the {part} by the reading of a {sensor}"
    ),
    ("the {part} is coated with {stuff}", "coating the {part} with {stuff}"),
    ("a magnet pulls the {part} into its seat", "pulling the {part} into its seat with a magnet"),
    ("the {part} is made shorter than the {other}", "making the {part} shorter than the {other}"),
    ("every step of the {thing} is planned by a forecast", "planning every step of the {thing} by a forecast"),
    ("the {part} can be swung out on a hinge", "swinging the {part} out on a hinge"),
  ]

  private static let stuffs = [
    "porous felt", "a thin ceramic layer", "cork", "pressed straw", "woven basalt fibre", "foamed glass",
    "a silicone film",
    "aluminium", "recycled polypropylene", "hemp fabric", "a nickel mesh", "hardened paper", "cast iron", "bamboo",
    "a graphite paste", "spring steel", "waxed board",
  ]
  private static let sensors = [
    "light sensor", "pressure gauge", "small camera", "temperature probe", "microphone", "moisture sensor",
    "strain gauge",
    "radar chip", "flow meter",
  ]
  private static let few = ["two", "three", "four", "five", "six"]
  private static let models = [
    "shark skin", "a palm leaf", "corrugated board", "a seashell", "a honeycomb", "fish scales",
  ]

  static func draw(for thing: Thing, using generator: inout SeededGenerator) -> Mechanism {
    let form = generator.pick(forms)
    let part = generator.pick(thing.parts)
    let values = [
      "stuff": generator.pick(stuffs), "sensor": generator.pick(sensors), "few": generator.pick(few),
      "model": generator.pick(models), "part": part, "other": generator.pick(thing.parts.filter { $0 != part }),
      "thing": thing.name,
    ]
    return Mechanism(clause: form.0.filled(values), phrase: form.1.filled(values))
  }
}
