/// Runs a body that is about one item; what it throws names the item, as a model knows its own folder alone.
///
/// - Throws: ``RunError/unusableItem(_:_:)``.
func about<Result>(_ item: String, _ body: () throws -> Result) throws -> Result {
  do {
    return try body()
  } catch {
    throw RunError.unusableItem(item, FaultText.sentence(for: error))
  }
}
