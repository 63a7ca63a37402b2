internal import Foundation
internal import JSON

/// What is asked in one request: a state, questions about it, and images under the texts that stand for them.
struct DecisionRequest: Sendable, Equatable {
  /// An image file.
  struct Image: Sendable, Equatable {
    /// Where this text stands in the state, the instructions or the options, the image stands.
    var placeholder: String
    var bytes: Data
    /// The field of the request that it came in.
    var field: String
  }

  var model: String
  /// A text, an object or a list.
  var state: JSONValue
  /// At least one.
  var questions: [DecisionQuestion]
  var images: [Image] = []
  /// What the state is made of, where it is one turn of the user in parts; else the state alone.
  var parts: [JSONValue]
  /// The item that the state is to the question that the student was distilled on, where that is asked.
  var item: TrainedItem?
  /// Of each question that is that one, which label each of its options is; nil for the others.
  var learned: [[Int]?] = []
}

/// All that is wrong with a request, found at once.
struct DecisionFaults: Error, Sendable, Equatable {
  /// One fault.
  struct Fault: Sendable, Equatable {
    /// The way to it, such as `["questions", "refund", "criteria"]`.
    var place: [JSONValue]
    var message: String
    /// A word for programs, as pydantic has them.
    var type = "value_error"
  }

  private(set) var all: [Fault] = []
  var isEmpty: Bool { all.isEmpty }

  mutating func add(_ place: [JSONValue], _ message: String, type: String = "value_error") {
    all.append(Fault(place: place, message: message, type: type))
  }

  /// Names each member that is none of the known ones.
  mutating func refuseOthers(_ members: [JSONValue.Member], of known: Set<String>, at place: [JSONValue]) {
    for member in members where !known.contains(member.name) {
      add(
        place + [.string(member.name)],
        "\(member.name) is not known here; there are \(known.sorted().joined(separator: ", ")).",
        type: "extra_forbidden")
    }
  }
}

extension DecisionFaults.Fault {
  /// The way to it in one text: `questions[0].choices`.
  var field: String {
    place.reduce("") { path, step in
      if let index = step.integer { return "\(path)[\(index)]" }
      return path.isEmpty ? step.string ?? "" : "\(path).\(step.string ?? "")"
    }
  }
}
