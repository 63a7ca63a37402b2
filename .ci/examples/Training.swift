import DPO
import LoRA
import Layers
import StudentModels
import Tensor

private nonisolated(unsafe) var student: MyStudent = standIn()
private let reference: MyStudent = standIn()
private let trainer: Trainer = standIn()
private let trees: [AnswerTree] = standIn()
private let tree: AnswerTree = standIn()
