internal import Foundation
package import Layers
import StudentModels

/// A question with the beginnings of answers by which its labels are scored, and how their probabilities make the labels'.
///
/// A label is what an answer begins with, and where one label begins with another, the longest that is there: "No evidence"
/// is no "No", and "10" no "1". So what a label's words begin counts for it but for what goes on to another label:
///
///     P(No) = P("No…") - P("No evidence…")
///
/// Answers are learned with a mark behind the label ("No. The photo …"), and a tokenizer may make other tokens of the two
/// than of the label alone: ")." is one token behind "(A". Then both spellings are scored and added up. Where no label
/// begins with another and the mark changes no token, the labels alone are scored, each by itself.
package struct LabelQuestion: Sendable {
  /// The question, and every spelling as an answer without its end of turn.
  package let tree: AnswerTree
  /// Of each label, the spellings that count for it.
  private let own: [[Int]]
  /// Of each spelling, those of other labels that go on from it, without those that go on from one of these again.
  private let others: [[Int]]
  /// Of each label, what a rationale follows: the label, with the mark where that settles it.
  let settled: [[Int]]

  /// - Parameters:
  ///   - labels: one answer a label, with nothing behind it.
  ///   - marked: the same with the mark that learned answers have there.
  /// - Throws: ``LabelsAlike`` where two labels have the same tokens.
  package init(labels: AnswerTree, marked: [[Int]]) throws(LabelsAlike) {
    var spellings = labels.answers
    var owners = Array(spellings.indices)
    for (label, tokens) in marked.enumerated() where !tokens.starts(with: labels.answers[label]) {
      spellings.append(tokens)
      owners.append(label)
    }
    for (later, tokens) in spellings.enumerated() {
      if let earlier = spellings[..<later].firstIndex(of: tokens), owners[earlier] != owners[later] {
        throw LabelsAlike(first: owners[earlier], second: owners[later])
      }
    }
    /// The longest spelling that this one goes on from.
    func beginning(of spelling: Int) -> Int? {
      spellings.indices.filter {
        spellings[$0].count < spellings[spelling].count && spellings[spelling].starts(with: spellings[$0])
      }.max { spellings[$0].count < spellings[$1].count }
    }
    var own = labels.answers.map { _ in [Int]() }
    var others = spellings.map { _ in [Int]() }
    for spelling in spellings.indices {
      var before = beginning(of: spelling)
      // What goes on from a spelling of its own label counts there already.
      if let place = before, owners[place] == owners[spelling] { continue }
      own[owners[spelling]].append(spelling)
      guard let other = before.map({ owners[$0] }) else { continue }
      // It is taken from where that label's own beginning is counted.
      while let place = before, let earlier = beginning(of: place), owners[earlier] == other { before = earlier }
      if let place = before { others[place].append(spelling) }
    }
    settled = labels.answers.indices.map { label in
      let isPlain = marked[label].starts(with: labels.answers[label]) && others[label].isEmpty
      return isPlain ? labels.answers[label] : marked[label]
    }
    tree = AnswerTree(prompt: labels.prompt, images: labels.images, answers: spellings)
    (self.own, self.others) = (own, others)
  }

  /// The question with the labels' words alone.
  package var words: AnswerTree {
    AnswerTree(prompt: tree.prompt, images: tree.images, answers: Array(tree.answers.prefix(own.count)))
  }

  /// Whether each label is scored by its own words alone.
  package var isPlain: Bool { tree.answers.count == own.count && others.allSatisfy(\.isEmpty) }

  /// Of each label, the logarithm of the probability that an answer begins with it and not with another that it begins.
  ///
  /// - Parameter totals: the logarithm of each spelling's probability, in nats.
  package func logProbabilities(_ totals: [Double]) -> [Double] {
    own.map { spellings in
      let parts = spellings.map { spelling -> Double in
        let taken = others[spelling].reduce(0) { $0 + exp(totals[$1] - totals[spelling]) }
        guard taken > 0 else { return totals[spelling] }
        // Rounding may put what is taken above the whole.
        return taken < 1 ? totals[spelling] + log1p(-taken) : -.infinity
      }
      guard parts.count > 1, let top = parts.max(), top > -.infinity else { return parts.max() ?? -.infinity }
      return top + log(parts.reduce(0) { $0 + exp($1 - top) })
    }
  }
}

extension Student {
  /// A question with its labels' answer words.
  ///
  /// - Throws: `StudentError.labelsAlike` where two labels have the same tokens; else as `tree(question:images:answers:)`.
  package func labelQuestion(_ question: String, images: [PromptImage], labels: [String]) throws -> LabelQuestion {
    var tree: AnswerTree
    do { tree = try self.tree(question: question, images: images, beginnings: labels + labels.map { $0 + "." }) } catch
    {
      // The mark must not be what makes an answer too long.
      tree = try self.tree(question: question, images: images, beginnings: labels)
      tree.answers += tree.answers
    }
    let marked = Array(tree.answers.dropFirst(labels.count))
    tree.answers.removeLast(marked.count)
    do throws(LabelsAlike) { return try LabelQuestion(labels: tree, marked: marked) } catch {
      throw StudentError.labelsAlike(labels[error.first], labels[error.second])
    }
  }
}
