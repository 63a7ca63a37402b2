#if Run
  import ArgumentParser

  /// Whether a chat template is told to open a thought.
  enum ThinkingSwitch: String, ExpressibleByArgument, CaseIterable {
    case on, off

    var isOn: Bool { self == .on }
  }
#endif
