import DualChecker
import StudentModels
import TeacherProtocol
import LoRA
import Layers

private let task: LabellingTask = standIn()
private let batch: [TrainingExample] = standIn()
private let examples: [TrainingExample] = standIn()
private let runFolder: URL = standIn()
private let base: MyStudent = standIn()
#if PACKAGE
  private let summaries: [String] = standIn()
#endif
