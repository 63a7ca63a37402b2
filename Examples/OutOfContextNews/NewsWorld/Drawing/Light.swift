/// The light of a time of day: what the sky looks like and how it colours everything below.
package struct Light: Sendable {
  /// Sky at the top of the picture.
  package var zenith: RGB
  /// Sky at the horizon.
  package var horizon: RGB
  /// Factor on the colours of the surroundings.
  package var ambient: RGB
  /// Factor on the colours of the main objects: nearer to 1, as a photographer would expose, so that red stays red.
  package var subject: RGB
  /// Whether windows and lamps shine.
  package var isDark: Bool

  /// The light of a time of day.
  package init(_ time: TimeOfDay) {
    switch time {
    case .morning:
      zenith = rgb(0x9fc4e8)
      horizon = rgb(0xfbd9c4)
      ambient = RGB(0.98, 0.92, 0.90)
      subject = RGB(1.0, 0.97, 0.95)
    case .noon:
      zenith = rgb(0x3f8fe0)
      horizon = rgb(0xb9def8)
      ambient = RGB(1.06, 1.06, 1.03)
      subject = RGB(1.02, 1.02, 1.0)
    case .dusk:
      zenith = rgb(0x55407f)
      horizon = rgb(0xf58a4b)
      ambient = RGB(0.84, 0.66, 0.60)
      subject = RGB(0.98, 0.90, 0.86)
    case .night:
      zenith = rgb(0x0a1030)
      horizon = rgb(0x2c3c70)
      ambient = RGB(0.40, 0.44, 0.62)
      subject = RGB(0.88, 0.88, 0.94)
    }
    isDark = time == .night
  }

  /// A colour of the surroundings in this light.
  package func onSurroundings(_ colour: RGB) -> RGB {
    (colour * ambient).clamped(lowerBound: .zero, upperBound: RGB(repeating: 1))
  }

  /// A colour of a main object in this light.
  package func onSubject(_ colour: RGB) -> RGB {
    (colour * subject).clamped(lowerBound: .zero, upperBound: RGB(repeating: 1))
  }
}

extension NewsColour {
  /// The colour in full light.
  package var pigment: RGB {
    switch self {
    case .red: rgb(0xd2242a)
    case .orange: rgb(0xf28418)
    case .yellow: rgb(0xf7dc2e)
    case .green: rgb(0x1f9a3c)
    case .blue: rgb(0x2450d8)
    case .purple: rgb(0x8630c8)
    case .white: rgb(0xf6f6f4)
    }
  }
}
