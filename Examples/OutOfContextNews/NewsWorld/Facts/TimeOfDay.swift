/// When a photo was taken: decides the sky, the sun or moon, and the light on everything.
package enum TimeOfDay: String, CaseIterable, Codable, Sendable {
  /// Pale rosy sky with a low sun on the left.
  case morning
  /// Blue sky with a high sun.
  case noon
  /// Orange and violet sky with a red sun on the right.
  case dusk
  /// Dark sky with moon and stars; windows are lit.
  case night
}
