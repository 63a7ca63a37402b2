#if Run
  /// What could not be used, as it comes: how much, and the first of it.
  struct Listing {
    private(set) var count = 0
    private var shown: [String] = []

    mutating func add(_ reason: String) {
      count += 1
      if shown.count < 8 { shown.append(reason) }
    }

    var first: String? { shown.first }

    /// The first reasons, a line each, and how many more there are.
    var lines: [String] {
      shown.map { "  \($0)" } + (count > shown.count ? ["  and \(count - shown.count) more"] : [])
    }
  }
#endif
