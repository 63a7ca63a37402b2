extension RunSteps {
  /// A step, or a part that others need first.
  enum Part: Equatable {
    case base
    case teacher(String)
    case step(RunStep)

    var name: String {
      switch self {
      case .base: "base"
      case .teacher(let name): "teachers/\(name)"
      case .step(let step): step.rawValue
      }
    }
  }
}
