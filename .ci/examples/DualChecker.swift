import TeacherProtocol

private let task: LabellingTask = standIn()
private let teacher: any Teacher = standIn()
private let aligner: ContextAligner = standIn()
private let items: [Item] = standIn()
private let item: Item = standIn()
private let pool: LabelledPool = standIn()
private let template: LabellingTemplate = standIn()
private let loop: DualCheckerLoop = standIn()
private let check: any ReplyCheck = standIn()
private let request: TeacherRequest = standIn()
private struct MyLearner: OnlineStudent {
  mutating func fit(_ batch: [TrainingExample]) async throws {}
  func predictions(for items: [Item]) async throws -> [StudentPrediction] { [] }
}
private let base = MyLearner()
#if PACKAGE
  private let encoder: HashedNGramEncoder = standIn()
  private let demonstrations: [Demonstration] = standIn()
  private let prompts: PromptBuilder = standIn()
#endif
