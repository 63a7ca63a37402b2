/// The facts of one news photo: what it shows, of which colour, how many, where and when.
///
/// ```swift
/// let scene = Scene(object: .boat, colour: .red, count: 3, place: .harbour, time: .dusk)
/// scene.phrase(naming: [.colour, .count])  // "three red boats"
/// ```
///
/// A scene holds what a caption may speak of and no more; positions, sizes, weather and clutter are drawn anew for
/// every photo by ``SceneRenderer``, so two photos of one scene differ.
package struct Scene: Hashable, Codable, Sendable {
  /// The kind of the main objects.
  package var object: NewsObject
  /// The colour of every main object.
  package var colour: NewsColour
  /// The number of main objects, 1 to 4.
  package var count: Int
  /// Where.
  package var place: NewsPlace
  /// When.
  package var time: TimeOfDay

  /// The numbers of objects that occur.
  package static let counts = 1...4

  /// A scene of these facts.
  ///
  /// - Precondition: `count` is 1 to 4.
  package init(object: NewsObject, colour: NewsColour, count: Int, place: NewsPlace, time: TimeOfDay) {
    precondition(Scene.counts.contains(count), "a scene has 1 to 4 objects, not \(count)")
    (self.object, self.colour, self.count, self.place, self.time) = (object, colour, count, place, time)
  }

  /// A random scene whose object occurs at its place: object first, then one of its places, all else uniform.
  package static func random(using generator: inout some RandomNumberGenerator) -> Scene {
    let object = generator.pick(NewsObject.allCases)
    return Scene(
      object: object, colour: generator.pick(NewsColour.allCases), count: 1 + generator.below(Scene.counts.count),
      place: generator.pick(object.places), time: generator.pick(TimeOfDay.allCases))
  }

  /// The facts in which two scenes differ; empty for equal scenes.
  package func differences(from other: Scene) -> Set<Fact> {
    Set(Fact.allCases.filter { value(of: $0) != other.value(of: $0) })
  }

  /// A scene that differs from this one in exactly these facts, drawn evenly from all that are possible.
  ///
  /// - Precondition: `facts` is not empty and some such scene exists, as for every set of one or two facts.
  package func twin(differingIn facts: Set<Fact>, using generator: inout some RandomNumberGenerator) -> Scene {
    precondition(!facts.isEmpty, "a twin differs in at least one fact")
    var twin = self
    if facts.contains(.colour) { twin.colour = generator.pick(NewsColour.allCases.filter { $0 != colour }) }
    if facts.contains(.count) { twin.count = generator.pick(Scene.counts.filter { $0 != count }) }
    if facts.contains(.time) { twin.time = generator.pick(TimeOfDay.allCases.filter { $0 != time }) }
    // Object and place bind one another, so they are drawn as a pair.
    let grounds = NewsObject.allCases.flatMap { object in object.places.map { (object: object, place: $0) } }
    let ground = generator.pick(
      grounds.filter {
        ($0.object != object) == facts.contains(.object) && ($0.place != place) == facts.contains(.place)
      })
    (twin.object, twin.place) = ground
    return twin
  }

  private func value(of fact: Fact) -> String {
    switch fact {
    case .object: object.rawValue
    case .colour: colour.rawValue
    case .count: String(count)
    case .place: place.rawValue
    case .time: time.rawValue
    }
  }
}
