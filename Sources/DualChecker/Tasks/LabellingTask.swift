internal import Foundation
public import TeacherProtocol

/// A labelling task: one of two classes, one of many, or the spans of given types.
///
/// ```swift
/// let task = try LabellingTask(spanTypes: [
///   .init(name: "cause", meaning: "what is done"), .init(name: "effect", meaning: "what comes of it"),
/// ])
/// ```
///
/// The task says how a reply is read, how an answer is written into a prompt, and how answers are scored.
public struct LabellingTask: Sendable, Equatable {
  /// The kinds of question.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// One of two classes, of which one may be looked for.
    case binary
    /// One of any number of classes.
    case multiclass
    /// Spans of any number of types: token classification.
    case spans
  }

  /// The name of the label that stands for no span, in the label set of a span task.
  package static let outside = "none"

  /// The kind of question.
  public let kind: Kind
  /// The classes. For spans their types, with `outside` at the end, so that one type makes a set of two.
  public let labels: LabelSet
  /// Which of two spans counts where they overlap. The default is ``SpanOverlap/longest``.
  package var overlap = SpanOverlap.longest

  /// A task with two classes.
  ///
  /// - Throws: `TeacherProtocolError.badLabelSet` unless there are two labels.
  public init(binary labels: LabelSet) throws(TeacherProtocolError) {
    guard labels.labels.count == 2 else {
      throw .badLabelSet(reason: "a binary task has two labels, not \(labels.names.count)")
    }
    kind = .binary
    self.labels = labels
  }

  /// A task with any number of classes, which are levels where the set of labels is ordered.
  public init(classes labels: LabelSet) {
    kind = .multiclass
    self.labels = labels
  }

  /// A task whose answers are spans of these types.
  ///
  /// - Throws: `TeacherProtocolError.badLabelSet` for no type, a repeated one, or one with a space or a colon in its name.
  public init(
    spanTypes: [LabelSet.Label], overlap: SpanOverlap = .longest
  ) throws(TeacherProtocolError) {
    if let name = spanTypes.map(\.name).first(where: { $0 == Self.outside || $0.contains { $0 == ":" || $0 == " " } }) {
      throw .badLabelSet(reason: "a span type is a word without colon, other than '\(Self.outside)', not '\(name)'")
    }
    guard !spanTypes.isEmpty else { throw .badLabelSet(reason: "a span task has at least one type, not 0") }
    kind = .spans
    labels = try LabelSet(spanTypes + [.init(name: Self.outside)])
    self.overlap = overlap
  }

  /// The names that are scored: the classes, or the span types.
  package var names: [String] { kind == .spans ? Array(labels.names.dropLast()) : labels.names }

  /// The tags of a token classifier for this task: O, then B- and I- of every span type; empty for classes.
  package var tags: [String] { kind == .spans ? ["O"] + names.flatMap { ["B-\($0)", "I-\($0)"] } : [] }

  /// Reads what a teacher wrote about a text.
  ///
  /// Classes are read by `AnswerReader`. Spans are a JSON object with a member for each type: the words of a span, a list
  /// of them, or null; each is found in the text by ``SpanLocator``, and one that is not makes the reply unreadable.
  ///
  /// - Throws: ``UnreadableAnswer``.
  package func answer(in reply: String, about text: String) throws(UnreadableAnswer) -> TaskAnswer {
    guard kind == .spans else {
      let read = AnswerReader(labels: labels).read(reply)
      guard case .answered(let name) = read.outcome else { throw UnreadableAnswer("\(read.outcome)") }
      return .label(name)
    }
    return .spans(try SpanReader(task: self).spans(in: reply, about: text))
  }

  /// The answer that a reply stands for: by its label where that is a class, by the spans of its key.
  public func answer(of reply: TeacherReply) -> TaskAnswer? {
    guard let label = reply.label else { return nil }
    return answer(key: label)
  }

  /// The answer with this ``TaskAnswer/key``; nil where the task has no such answer.
  package func answer(key: String) -> TaskAnswer? {
    if kind != .spans { return labels[key] == nil ? nil : .label(key) }
    guard let answer = TaskAnswer(spanKey: key), case .spans(let spans) = answer,
      spans.allSatisfy({ names.contains($0.label) })
    else { return nil }
    return answer
  }

  /// The answer as a teacher should write it: the class's answer words and the reason, or the spans as JSON.
  ///
  /// - Throws: `TeacherProtocolError.unknownLabel`.
  package func written(_ answer: TaskAnswer, about text: String, reason: String = "") throws(TeacherProtocolError)
    -> String
  {
    switch answer {
    case .label(let name): return try Self.sentence.answer(name, rationale: reason, labels: labels)
    case .spans(let spans):
      let members = names.map { name -> String in
        let words = spans.filter { $0.label == name }.map { Self.quoted($0.text(in: text)) }
        let value = words.count == 1 ? words[0] : words.isEmpty ? "null" : "[\(words.joined(separator: ", "))]"
        return "\(Self.quoted(name)): \(value)"
      }
      return "{\(members.joined(separator: ", "))}"
    }
  }

  private static let sentence: AnswerTemplate = {
    do {
      return try AnswerTemplate("{answer}.[[ {rationale}]]", humanText: "{answer}.")
    } catch {
      preconditionFailure("the built-in answer template is at fault: \(error)")
    }
  }()

  private static func quoted(_ text: String) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }
}

/// A reply from which no answer to the task can be read.
package struct UnreadableAnswer: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong with it.
  package let description: String

  init(_ description: String) { self.description = description }
}
