internal import Foundation
internal import ImageDecoding
package import JSON
internal import Layers
package import StudentModels
package import Tensor

/// What a model computes for one request in System One's form, to be held against another implementation of the same pipeline.
package struct DecisionFigures {
  /// The prompt's tokens up to the place where a question is answered, by the question's name.
  package let prompts: [(name: String, ids: [Int])]
  /// The answers as the server gives them.
  package let answers: JSONValue
  /// `logits.NAME` of each question's labels, [options], before any temperature, and `pixel_values` of the last prompt with
  /// images.
  package let tensors: [String: Tensor]

  /// A request that has no figures.
  package struct Refusal: Error {
    package let reason: String
  }

  /// Computes the figures of a request.
  ///
  /// - Parameters:
  ///   - request: the body that `POST /v1/systemone` takes; a model's name may be left out.
  ///   - settings: of the model's folder.
  /// - Throws: ``Refusal`` where the server refuses the request, or it has more options than the model has labels, which have
  ///   no logits of their own then; what the image processor throws.
  package init(of request: JSONValue, student: some PretrainedStudent, settings: DecisionSettings) throws {
    var members = request.members ?? []
    if request["model"] == nil { members.append(.init("model", "model")) }
    let (read, pass): (DecisionRequest, DecisionPass)
    do {
      read = try DecisionForm.systemOne.request(.object(members), settings)
      pass = try DecisionPass(read, student: student, settings: settings)
    } catch let faults as DecisionFaults {
      throw Refusal(reason: faults.all.map { "\($0.field): \($0.message)" }.joined(separator: " "))
    } catch let error as ChatError {
      throw Refusal(reason: error.message)
    }
    guard pass.trees.allSatisfy({ $0.answers.allSatisfy { $0.count == 1 } }) else {
      throw Refusal(reason: "it has more options than the model has labels.")
    }
    let names = read.questions.map { $0.name ?? "" }
    prompts = zip(names, pass.trees).map { ($0, $1.prompt) }
    answers = .object(
      pass.answers(keeping: KeptBeginnings(bytes: 0)).map { .init($0.question.name ?? "", $0.systemOne) })
    var tensors: [String: Tensor] = [:]
    for (name, tree) in zip(names, pass.trees) {
      let logits = student.logits(of: tree.prompt, images: tree.images)
      let start = (tree.prompt.count - 1) * logits.shape[1]
      let places = tree.answers.map { start + $0[0] }
      tensors["logits.\(name)"] = logits.reshaped([logits.shape[0] * logits.shape[1], 1]).gathered(places)
        .reshaped([places.count])
    }
    if let last = pass.shown.last(where: { !$0.isEmpty }) {
      let decoder = ImageDecoder(options: .loadImage)
      let pictures = try last.map { try decoder.decode(Array(read.images[$0].bytes), name: read.images[$0].field) }
      tensors["pixel_values"] = try student.processorTensors(pictures)["pixel_values"]
    }
    self.tensors = tensors
  }
}
