import LanguageModel
import LetterStudent
import StudentModels
import Tensor
import Training

// A student has the functions of `LetterStudent.swift`: what it shows of its parameters, how a question becomes tokens, how
// probable answers are, and how it goes on. The trainer, adapters and both methods need nothing else of it.
var student = LetterStudent()
let lessons = [
  ("a leak in the cellar", "urgent"), ("smoke in the kitchen", "urgent"), ("a broken lamp in the cellar", "routine"),
  ("a wobbly chair in the kitchen", "routine"),
]
let trees = try lessons.map { try student.tree(question: $0, images: [], answers: [$1]) }
var options = TrainingOptions()
(options.epochs, options.learningRate) = (60, 0.05)
try Trainer(stage: "lessons", options: options, seed: 1)
  .train(&student, objective: SupervisedObjective(trees)) { update in
    if update.step % 20 == 0 { print("update \(update.step): loss \(update.metrics.loss)") }
  }

// Labels are scored by the words that answers begin with, without generating anything.
let question = try student.tree(question: "smoke in the cellar", images: [], beginnings: ["urgent", "routine"])
let probabilities = student.answerProbabilities([question])[0]
print("smoke in the cellar: urgent \(probabilities[0]), routine \(probabilities[1])")
precondition(probabilities[0] > 0.9, "the student did not learn what smoke means")

var generator = Tensor.Generator(seed: 1)
let said = student.generate([question], maximumTokens: 20, sampling: Sampling(), using: &generator)[0]
print("it says: \(said.text)")
precondition(said.text == "urgent" && said.isComplete)
