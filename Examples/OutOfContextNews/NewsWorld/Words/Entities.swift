/// The names that an imperfect recogniser puts to a photo: the evidence field of a row.
///
/// It finds the object, the colour, the place and the time more often than not, now and then takes an object for a
/// similar one, never counts, and adds things that are not in the photo. The list depends on the photo alone and never
/// on a caption, so it is the same in a photo's pristine and falsified rows.
package struct Recogniser: Sendable {
  /// Probability, 0 to 1, that a name is left out or wrong.
  package let noise: Float

  /// A recogniser.
  ///
  /// - Parameter noise: Probability that a name is left out or wrong, 0 to 1. The default is 0.3.
  package init(noise: Float = 0.3) {
    precondition((0...1).contains(noise), "the recogniser's noise is a probability, not \(noise)")
    self.noise = noise
  }

  /// The names for a photo of this scene, in random order.
  package func entities(of scene: Scene, using generator: inout some RandomNumberGenerator) -> [String] {
    var names: [String] = []
    let object = generator.chance(noise / 2) ? scene.object.lookalike : scene.object
    if !generator.chance(noise) { names.append(object.singulars[0]) }
    if !generator.chance(noise) { names.append(scene.colour.rawValue) }
    if !generator.chance(noise) { names.append(scene.place.rawValue) }
    if !generator.chance(noise) { names.append(scene.time.rawValue) }
    if generator.chance(noise) { names.append(generator.pick(["sky", "landscape", "outdoors", "crowd", "cloud"])) }
    if generator.chance(noise / 2) { names.append(generator.pick(NewsObject.allCases).singulars[0]) }
    var seen: Set<String> = []
    return generator.shuffle(names).filter { seen.insert($0).inserted }
  }
}

extension NewsObject {
  /// What this object is most easily mistaken for.
  fileprivate var lookalike: NewsObject {
    switch self {
    case .boat: .tent
    case .car: .truck
    case .bus: .truck
    case .truck: .bus
    case .balloon: .umbrella
    case .helicopter: .balloon
    case .tent: .umbrella
    case .flag: .tent
    case .umbrella: .tent
    case .person: .flag
    }
  }
}
