import Testing
import TeacherProtocol

private struct MyRule: AgreementRule {
  func verdict(on votes: [Vote]) -> Verdict { standIn() }
}
private let store: any AnnotationStore = standIn()
private func MyStore(file: URL) throws -> any AnnotationStore { store }
private let labels: LabelSet = standIn()
private let data: Dataset = standIn()
private let items: [Item] = standIn()
private let conflicts: [Conflict] = standIn()
private let journal: ReviewJournal = standIn()
private let annotations: [Annotation] = standIn()
private let annotation: Annotation = standIn()
private let gold: GoldAnswers<String> = standIn()
private let run: AnnotationRun = standIn()
private let table: VoteTable = standIn()
private let assignments: [Annotator.Assignment] = standIn()
private let gpt: any Teacher = standIn()
private let gemini: any Teacher = standIn()
private let direct: PromptTemplate = standIn()
private let withEvidence: PromptTemplate = standIn()
#if PACKAGE
  private let probabilities: [Double] = standIn()
  private let checked: [(guess: Double, truth: Double)] = standIn()
  private let ledger: SpendingLedger = standIn()
  private let request: TeacherRequest = standIn()
  private let stores: [any AnnotationStore] = standIn()
  private let questions: [ReviewQuestion] = standIn()
#endif
