import ConfigurationFiles

extension ConfigurationTemplate {
  /// The template for a method.
  package static func text(for method: DistillationMethod) -> String {
    switch method {
    case .multiTeacher: text(of: RunConfiguration.example)
    case .dualChecker: text(of: DualCheckerConfiguration.example)
    }
  }
}
