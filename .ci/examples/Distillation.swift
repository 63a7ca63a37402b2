import DistillationConfiguration
import DualChecker
import Evaluation
import StudentModels
import TeacherProtocol
import Annotations

private let configuration: RunConfiguration = standIn()
private let pool: LabelledPool = standIn()
private let teacher: any Teacher = standIn()
private let rule: any AgreementRule = standIn()
#if PACKAGE
  private let adapter: URL = standIn()
#endif
