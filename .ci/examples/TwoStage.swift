import Annotations
import LoRA
import StudentModels
import TeacherProtocol
import Training
import ImageDecoding

private let labels: LabelSet = standIn()
private let prompt: PromptTemplate = standIn()
private let data: Dataset = standIn()
private let test: Dataset = standIn()
private let student: MyStudent = standIn()
private let items: [Item] = standIn()
private let teachers: [any Teacher] = standIn()
private let (gpt, gemini, claude): (any Teacher, any Teacher, any Teacher) = standIn()
private let people: any LabelSource = standIn()
private let store: any AnnotationStore = standIn()
private let method: TwoStageDistillation = standIn()
private let judgements: [Judgement] = standIn()
private let decided: [String: String] = standIn()
private let modelFolder: URL = standIn()
