/// An estimate of the requests, tokens and cost of asking, made before any question is asked.
///
/// Tokens are guessed: four bytes a token, 1,000 tokens an image, answers half as long as allowed. Replies that the store
/// has are free.
package struct AnnotationEstimate: Sendable, Equatable {
  /// One teacher's part.
  package struct Row: Sendable, Equatable {
    package let teacher: String
    /// Questions to ask, each once however many items share it.
    package var questions = 0
    /// Items whose reply the store has.
    package var alreadyStored = 0
    /// Further items that are asked about by another item's question.
    package var shared = 0
    /// Items that can't be asked about, because of their image or their fields.
    package var unfit = 0
    /// What the questions will cost, about.
    package var spending = Spending()
    /// Whether the teacher has a price; else its cost counts as 0.
    package let hasPrice: Bool
    /// Whether the teacher answers in this process or from a file, and costs nothing.
    package let isFree: Bool
  }

  /// The teachers, in order.
  package var teachers: [Row]

  /// All together.
  package var spending: Spending { teachers.reduce(Spending()) { $0 + $1.spending } }
}
