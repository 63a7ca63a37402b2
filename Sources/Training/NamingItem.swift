internal import Wording

/// Runs a body that is about one item; what it throws names the item, as a model knows its own folder alone.
///
/// - Throws: ``TrainingError/unusableItem(_:_:)``.
package func naming<Result>(_ item: String, _ body: () throws -> Result) throws -> Result {
  do {
    return try body()
  } catch {
    throw TrainingError.unusableItem(item, FaultText.sentence(for: error))
  }
}
