import Annotations
import TeacherProtocol

private let questions: [ReviewQuestion] = standIn()
private let labels: LabelSet = standIn()
private let journal: ReviewJournal = standIn()
