/// What comes of it, and what follows for the labels.
struct Effect {
  let clause: String
  /// The same in other words, for the longer text.
  let again: String
  let traits: Set<Thing.Trait>

  init(_ clause: String, _ again: String, _ traits: Thing.Trait...) {
    self.clause = clause
    self.again = again
    self.traits = Set(traits)
  }

  /// Where a green innovation leads: the four impact paths, in the order of their labels.
  static let paths: [(name: String, meaning: String, effects: [Effect])] = [
    (
      "energy", "less energy or fuel is used, or lost heat is used again",
      [
        Effect(
          "the {thing} draws {share} less electricity", "The meter showed {share} fewer kilowatt hours over a year.",
          .powered),
        Effect("the fan of the {thing} runs at half its former power", "At the plug the saving was {share}.", .powered),
        Effect(
          "waste heat of the {thing} warms the incoming air",
          "The heat that used to leave through the wall covers {share} of the heating.", .powered),
        Effect("the motor may rest for most of the night", "Its running time fell by {share}.", .powered),
        Effect("{share} less gas is burnt for the same output", "The burner is lit for shorter times.", .factory),
        Effect(
          "the batch needs no second pass through the dryer",
          "One drying step, and with it {share} of the steam, is left out.", .factory),
        Effect("two trips replace five", "The same load is carried on {share} fewer kilometres.", .outdoors),
        Effect(
          "standby losses of the {thing} nearly vanish", "Unused, it takes less than a tenth of a watt.", .powered),
        Effect("braking feeds the battery of the {thing}", "{Share} of the energy of motion comes back.", .powered),
        Effect(
          "the drive can be chosen one size smaller", "With less friction a motor of {share} less power does the work.",
          .powered, .factory),
        Effect("water is warmed by what the drain carries away", "The boiler has {share} less to do.", .wet),
        Effect("the {thing} idles no longer between two parts", "Idling made up {share} of its consumption.", .factory),
        Effect(
          "daylight does the work of the lamps until evening", "Lamps are lit {share} shorter.", .outdoors, .powered),
        Effect(
          "the {thing} reaches its temperature with {share} less fuel", "Fuel use was weighed before and after.",
          .fuming),
      ]
    ),
    (
      "materials", "less material is used, or it is used longer or again",
      [
        Effect("{share} less copper goes into each {thing}", "The winding is shorter by {share}.", .powered),
        Effect(
          "the {thing} can be taken apart and its plastics sorted",
          "At the end of its life every kind of plastic goes its own way.", .made),
        Effect(
          "offcuts go back into the melt", "Nothing of the edge trim, {share} of the sheet, is thrown away.", .factory,
          .made),
        Effect("the {thing} lasts twice as many years", "Fewer of them have to be built.", .made),
        Effect("paper fibre takes the place of the polymer", "The part is pulped with other paper after use.", .made),
        Effect("worn covers are spun into new yarn", "The old fabric is the raw material of the next one.", .made),
        Effect(
          "a single part is changed where the whole unit was scrapped", "Repair takes ten minutes and one spare part.",
          .made, .powered),
        Effect("the wall may be {share} thinner", "{Share} of the resin is saved at equal strength.", .made),
        Effect("fewer rejects end up in the container", "Scrap fell by {share}.", .factory),
        Effect(
          "cells of old vehicles find a second use in the {thing}",
          "They serve for eight more years before they are melted down.", .powered),
        Effect(
          "packing foam is no longer needed", "The box alone protects the goods; {share} of the packing is left out.",
          .made),
        Effect(
          "the mould is used for {share} more shots before it is melted down", "Less tool steel is ground away.",
          .factory),
        Effect(
          "ash from the neighbouring plant replaces the cement", "What was dumped so far is bound in the product.",
          .factory, .outdoors),
        Effect(
          "film and tray come from one sort of polymer", "Both go into one bale and are moulded anew.", .made, .factory),
      ]
    ),
    (
      "pollution", "fewer harmful substances, particles or noise reach air, water or soil",
      [
        Effect(
          "no fluorinated gas escapes from the {thing}", "The loop is filled with propane alone and is tight.", .fuming),
        Effect(
          "the wash water leaves without heavy metals", "Lead and zinc stayed under the limit of detection.", .wet,
          .factory),
        Effect("soot in the exhaust falls by {share}", "The filter paper behind the stack stays white.", .fuming),
        Effect(
          "solvent vapour is caught before it reaches the air", "What is caught goes back to the supplier.", .fuming),
        Effect(
          "fibres no longer pass into the sewage", "The sieve holds threads down to a twentieth of a millimetre.", .wet),
        Effect("less ammonia rises from the ground", "Measured above the field it was {share} less.", .outdoors),
        Effect("the dye bath works without chromium", "The mordant is made from oak bark.", .wet, .factory),
        Effect(
          "drift of the spray to neighbouring fields stops", "Cards at the field's edge stayed dry.", .outdoors, .wet),
        Effect("nitrogen oxides of the {thing} halve", "The probe in the chimney confirms it at every load.", .fuming),
        Effect("oil can no longer seep into the soil", "A drop that leaves the seal is led back.", .outdoors, .powered),
        Effect("phosphates are left out of the rinse", "The outflow feeds no algae any more.", .wet),
        Effect(
          "residents hear nothing of the {thing} at night", "The level at the fence is below that of the road.",
          .outdoors),
        Effect(
          "paint mist settles in water instead of leaving through the roof", "The roof had to be cleaned no more.",
          .fuming, .factory),
        Effect("the glue gives off no formaldehyde", "Air in the closed room was sampled for a month.", .made),
      ]
    ),
    (
      "nature", "water, land, soil, plants or animals are spared",
      [
        Effect("the {thing} gets by with {share} less fresh water", "Most of the water is used three times.", .wet),
        Effect("rain seeps away where it falls", "The ground under the {thing} stays open.", .outdoors),
        Effect(
          "bees keep away from the treated rows", "Their numbers in the hedge next to it did not fall.", .outdoors),
        Effect("fish pass the {thing} unharmed", "Of a thousand marked animals none was hurt.", .outdoors, .wet),
        Effect("the same harvest grows on {share} less land", "The rest can lie fallow and flower.", .outdoors),
        Effect("roots of old trees are left in the ground", "No digging is needed within the drip line.", .outdoors),
        Effect("the well is drawn on only every other day", "The water table rose by a hand's breadth.", .wet),
        Effect("bats are warned in time", "No carcass was found below it in two summers.", .outdoors),
        Effect("rinsing takes one bath in place of three", "{Share} of the water is spared.", .wet),
        Effect(
          "soil is not pressed together any more",
          "Earthworms were counted in equal numbers beside and under the track.", .outdoors),
        Effect(
          "rainwater from the roof is enough for the {thing}", "The tap was opened on eleven days of the year.", .wet,
          .outdoors),
        Effect(
          "moths are no longer drawn to the light", "In the trap beneath it hardly any insect was caught.", .outdoors,
          .powered),
        Effect(
          "no forest has to be cleared for its raw material", "It grows again on the same field every year.", .made),
        Effect("the brook keeps its water in dry summers", "Less is taken out above the mill.", .wet, .outdoors),
      ]
    ),
  ]

  /// What is welcome and spares nothing.
  static let other = [
    Effect("the {thing} responds {share} faster", "Users no longer wait after pressing the button.", .powered),
    Effect("the sound is clearer at low volume", "Listeners preferred it in a blind test.", .handheld, .powered),
    Effect("the {thing} folds into a shoulder bag", "It goes under the seat of a train.", .handheld),
    Effect("fewer fingerprints show on its surface", "It looks new without wiping.", .handheld, .made),
    Effect("a new user finds the right setting at a glance", "The manual can be left in the drawer.", .powered),
    Effect("the price of the {thing} falls by {share}", "Fewer steps of assembly are paid for.", .made, .powered),
    Effect("more pieces leave the line each hour", "Output rose by {share} with the same staff.", .factory),
    Effect("the handle is softer to the touch", "Testers with small hands rated it best.", .handheld),
    Effect("the {thing} can be sold in five colours", "Customers choose the colour in the shop.", .made),
    Effect("a child can't reach into the {part}", "It passes the finger test of the standard.", .powered, .handheld),
    Effect("the {thing} holds its course in a side wind", "It was tried at six wind forces.", .outdoors),
    Effect("edges of the print are sharper", "Type of four points can be read.", .factory),
    Effect("coffee, oil and ink leave no stain", "A damp cloth is enough.", .made, .handheld),
    Effect(
      "the {thing} is put up by one person in an hour", "The second fitter is free for other work.", .made, .outdoors,
      .powered),
    Effect("the operator is warned before a jam", "Stops of the line are rarer by {share}.", .factory),
    Effect("nobody can copy the spare part", "A pattern under the surface tells it from a fake.", .made, .powered),
    Effect(
      "patients lie without pressure on the heels", "Sores were rarer among those who lay for weeks.", .handheld, .made),
    Effect("the taste of the food does not change", "Trained testers found no difference.", .wet, .powered),
    Effect("the {thing} withstands a fall from two metres", "It was dropped on each of its corners.", .handheld, .made),
    Effect("the signal reaches the far end of the hall", "Its range grew by {share}.", .powered),
    Effect("two of them can be stacked", "They take half the room in the store.", .made, .factory),
    Effect("the picture does not shake any more", "Lines stay straight when the arm moves.", .powered),
    Effect(
      "the {thing} starts at minus thirty degrees", "It was kept in the cold chamber for a week.", .powered, .outdoors),
    Effect("the fit is judged in a minute", "Wrong sizes are sent back less often.", .handheld),
    Effect("the weld is stronger by {share}", "The sheet tears before the seam does.", .factory),
    Effect("the lid closes without a sound", "Sleepers next door are not woken.", .made, .handheld),
    Effect("the doctor reads the value from the door", "Nobody has to bend over the bed.", .handheld, .powered),
    Effect("the harvest is brought in before the rain", "Its speed over ground rose by {share}.", .outdoors),
  ]

  /// What sounds like it and spares nothing.
  static let deceptive = [
    Effect("the green of the housing does not fade", "After ten summers the colour was as on the first day.", .made),
    Effect("the {thing} takes more current for a shorter time", "The same charge is in after half the time.", .powered),
    Effect("the solar roof looks like slate", "Neighbours did not see which house had it.", .outdoors),
    Effect("the energy reading is easier to see", "The figures are twice as tall.", .powered),
    Effect("the recycling mark is printed in the same pass", "A second printing unit can be sold.", .factory, .made),
    Effect("its carbon look resists scratches", "Keys in the same pocket left no trace.", .made, .handheld),
    Effect("the waste bin below it closes by itself", "No hand has to touch the lid.", .made, .powered),
    Effect("the turbine can be painted in a club's colours", "The pattern goes around the tower.", .outdoors),
    Effect("water on the display looks more natural", "Game makers asked for it.", .powered),
    Effect("the battery symbol no longer flickers", "Its value is smoothed over ten seconds.", .powered, .handheld),
    Effect("less heat reaches the fingers of the player", "The warmth leaves at the back instead.", .handheld),
    Effect("fuel is filled in twice as fast", "The queue at the station is shorter.", .fuming, .outdoors),
    Effect("the scent of forest is felt in the whole room", "The cartridge is changed every week.", .powered),
    Effect("the leaf pattern stays visible under the varnish", "Buyers took it for real wood.", .made),
    Effect("the river view is not hidden by the {part}", "The window reaches down to the floor.", .made),
    Effect("the emission certificate is read by a phone", "Papers need not be carried along.", .fuming, .powered),
    Effect("pure water tastes less flat", "Salts are added by the pinch.", .wet),
    Effect("the {thing} throws a wider jet", "A stripe of six metres is reached in one go.", .wet, .outdoors),
    Effect("the exhaust pipe shines like chrome", "It is polished by a belt.", .fuming),
    Effect("the plant label can be read after years", "The letters are engraved.", .outdoors),
  ]

  /// Savings that the longer text takes back.
  static let undone = [
    "What is saved is spent at once on a brighter lamp, so that consumption stays where it was.",
    "The saving is bought with a coating whose making needs more energy than the {thing} ever saves.",
    "Customers ran it longer for this reason, and over a year nothing was saved.",
    "Yet the new part can't be repaired and is thrown away each year with the whole {thing}.",
    "On the other hand twice as much cleaning agent goes down the drain with it.",
    "A life-cycle study found the burden only moved to the mine from which the additive comes.",
    "The figure holds for the test stand alone; in use no difference to the older model was measured.",
  ]

  /// What says nothing of the environment by itself; the longer text does, with the path that follows.
  static let hidden: [(effect: Effect, path: Int)] = [
    (
      Effect(
        "one step of the process is left out", "It was the one in which gas was burnt; {share} of the fuel is spared.",
        .factory), 0
    ),
    (
      Effect(
        "the {thing} does its work at night", "Then the grid has wind power to spare, and coal plants can rest.",
        .powered), 0
    ),
    (Effect("the {thing} weighs {share} less", "As much less raw material is dug up and melted for it.", .made), 1),
    (
      Effect("the cover stays in use for another season", "Fewer covers are made, and fewer burnt as refuse.", .made), 1
    ),
    (
      Effect(
        "a filter cartridge is changed in time",
        "So the fine dust stays in the cartridge and out of the lungs of the town.", .fuming), 2
    ),
    (Effect("the additive can be left out", "It was toxic to water fleas, and is found in no river now.", .wet), 2),
    (
      Effect(
        "the {thing} may stand closer to the bank", "No new basin has to be dug, and the reeds with their birds stay.",
        .outdoors, .wet), 3
    ),
    (Effect("the second hose is shut for hours", "That spares the well a third of its daily draw.", .wet), 3),
  ]
}
