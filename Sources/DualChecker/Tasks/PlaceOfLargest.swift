extension Array where Element: Comparable {
  /// The place of the largest element, the first of equal ones; 0 where there is none.
  package var placeOfLargest: Int { indices.reduce(0) { self[$1] > self[$0] ? $1 : $0 } }
}
