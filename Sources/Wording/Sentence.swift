extension String {
  /// A sentence without the full stop at its end, to stand within another one: reasons come from other errors and from the
  /// system, and most of them end in one.
  package var withoutFullStop: String {
    var rest = self[...]
    while let last = rest.last, last == "." || last.isWhitespace { rest.removeLast() }
    return rest.isEmpty ? self : String(rest)
  }
}
