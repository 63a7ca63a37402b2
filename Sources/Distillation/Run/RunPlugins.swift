public import Annotations
public import StudentModels
public import TeacherProtocol
import DistillationConfiguration

/// Your own parts of a run: teachers, an agreement rule, a student.
///
/// ```swift
/// var plugins = RunPlugins()
/// plugins.teachers = [teacher]
/// plugins.agreement = rule
/// let run = try DistillationRun(configuration, folder: folder, plugins: plugins)
/// ```
public struct RunPlugins: Sendable {
  /// Teachers beside those of the configuration. The default is none.
  public var teachers: [any Teacher] = []
  /// A rule in place of the configuration's.
  public var agreement: (any AgreementRule)?
  /// A student in place of the configuration's, not yet adapted.
  public var student: (any Student)?
  /// Makes teachers of kinds that need more than this module, such as those behind a network.
  public var makeTeacher: (@Sendable (TeacherConfiguration, LabelSet) throws -> (any Teacher)?)?
  /// Labels with which home-made teachers were trained; reported as `teacher_labels`.
  public var teacherLabels: Int?

  /// No plug-ins.
  public init() {}
}
