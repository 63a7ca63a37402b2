/// What a news photo of this world is about.
package enum NewsObject: String, CaseIterable, Codable, Sendable {
  /// A sailing boat; floats in a harbour or off a beach.
  case boat
  /// A passenger car.
  case car
  /// A long box with a row of windows.
  case bus
  /// A lorry with cab and closed box.
  case truck
  /// A hot-air balloon; in the sky of any place.
  case balloon
  /// A helicopter; in the sky of any place.
  case helicopter
  /// A ridge tent.
  case tent
  /// A flag on a pole.
  case flag
  /// An open parasol that stands on the ground.
  case umbrella
  /// A person in a coloured jacket.
  case person

  /// Whether the object is drawn in the sky.
  package var isAirborne: Bool {
    self == .balloon || self == .helicopter
  }

  /// The places where this object is drawn, at least two, so that every fact can be changed alone.
  package var places: [NewsPlace] {
    switch self {
    case .boat: [.harbour, .beach]
    case .car, .bus, .truck: [.harbour, .street, .field, .mountain, .parliament, .desert]
    case .tent: [.beach, .field, .stadium, .mountain, .parliament, .desert]
    case .umbrella: [.harbour, .beach, .street, .field, .stadium, .parliament]
    case .balloon, .helicopter, .flag, .person: NewsPlace.allCases
    }
  }
}
