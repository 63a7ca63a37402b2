import ContentDigest

extension Dataset {
  /// The items that must not be divided between splits.
  package enum Bond: String, Sendable, Codable, CaseIterable {
    /// Items of one group.
    case group
    /// Items of one group, and items that show an image in common; chains of both hold together.
    case groupAndImage
  }

  /// Looks whether any group, or any image, stands in more than one split.
  ///
  /// An image is the file that its name leads to: `a.png`, `./a.png`, a `file:` URL and a symbolic link to it are one image.
  /// Files are not read, so copies of one photo are several images.
  ///
  /// - Throws: ``TeacherProtocolError/straddlingGroups(what:examples:count:)`` with the first few.
  package func checkGroups(_ bond: Bond = .groupAndImage) throws(TeacherProtocolError) {
    try checkTogether("groups", names: { [$0.group] })
    guard bond == .groupAndImage else { return }
    let files = imageFiles()
    try checkTogether("images", names: \.images) { files[$0] ?? $0 }
  }

  /// - Parameter key: what two names have in common that mean the same.
  private func checkTogether(
    _ what: String, names: (Item) -> [String], key: (String) -> String = { $0 }
  ) throws(TeacherProtocolError) {
    var seen: [String: (split: String, name: String)] = [:]
    var straddling: [String] = []
    var listed: Set<String> = []
    for item in items {
      for name in names(item) {
        let key = key(name)
        if let first = seen[key], first.split != item.split {
          let spelled = first.name == name ? name : "\(first.name) (also named \(name))"
          if listed.insert(key).inserted { straddling.append(spelled) }
        } else {
          seen[key] = (item.split, name)
        }
      }
    }
    guard straddling.isEmpty else {
      throw .straddlingGroups(what: what, examples: Array(straddling.prefix(5)), count: straddling.count)
    }
  }

  /// The same data set divided anew by whole groups.
  ///
  /// ```swift
  /// let data = try raw.splitByGroup([("train", 0.8), ("dev", 0.1), ("test", 0.1)], seed: 1)
  /// ```
  ///
  /// Images are shared as ``checkGroups(_:)`` says: by the files that names lead to.
  ///
  /// Groups are taken in the order of a hash of seed and name, so the result depends neither on the order of the rows nor
  /// on the process; each goes to the split that is furthest below its share of items.
  ///
  /// - Parameters:
  ///   - shares: names and shares, which are taken relative to their sum.
  ///   - seed: another seed gives another division.
  ///   - bond: what stays together. With `.groupAndImage` a photo that many captions share can chain most of a data set
  ///     into one piece, which then can't be divided.
  /// - Throws: ``TeacherProtocolError/cannotSplit(reason:)`` where a split would stay empty.
  /// - Precondition: shares are positive and their names differ.
  package func splitByGroup(
    _ shares: [(name: String, fraction: Double)], seed: UInt64, bond: Bond = .groupAndImage
  ) throws(TeacherProtocolError) -> Dataset {
    precondition(
      !shares.isEmpty && shares.allSatisfy { $0.fraction > 0 && $0.fraction.isFinite },
      "splitByGroup: every share must be positive, got \(shares)")
    precondition(Set(shares.map(\.name)).count == shares.count, "splitByGroup: a name occurs twice in \(shares)")
    var pieces = pieces(bond)
    // A hash per piece and not a shuffle: the place of a piece does not depend on the other rows.
    let order = pieces.mapValues { ContentDigest.of(fields: ["\(seed)", $0.first ?? ""]) }
    let sorted = pieces.keys.sorted { order[$0, default: ""] < order[$1, default: ""] }
    let whole = shares.map(\.fraction).reduce(0, +)
    var taken = [Int](repeating: 0, count: shares.count)
    var split: [String: Int] = [:]
    for key in sorted {
      let fill = shares.indices.map { Double(taken[$0]) * whole / shares[$0].fraction }
      let neediest = shares.indices.min { (fill[$0], $0) < (fill[$1], $1) } ?? 0
      let members = pieces.removeValue(forKey: key) ?? []
      taken[neediest] += members.count
      for id in members { split[id] = neediest }
    }
    if let empty = taken.firstIndex(of: 0) {
      let lost = setAside.first.map { ". Rows that can't be used: \(setAside.count), the first: \($0)" } ?? ""
      throw .cannotSplit(
        reason: "\(items.count) items hold together in \(sorted.count) piece(s), so '\(shares[empty].name)' would be "
          + "empty. Where shared images chain them, try the bond 'group'\(lost)")
    }
    return settingSplits { shares[split[$0.id] ?? 0].name }
  }

  /// The file that each image's name leads to.
  private func imageFiles() -> [String: String] {
    var files: [String: String] = [:]
    for item in items {
      for name in item.images where files[name] == nil { files[name] = ImageReference.file(at: imageURL(name)) }
    }
    return files
  }

  /// Ids that must stay together, by a name of the piece; the smallest group name comes first among equals.
  private func pieces(_ bond: Bond) -> [String: [String]] {
    var parent: [String: String] = [:]
    func root(_ name: String) -> String {
      var top = name
      while let up = parent[top], up != top { top = up }
      var at = name
      while let up = parent[at], up != top {
        parent[at] = top
        at = up
      }
      return top
    }
    // What a piece is called decides nothing: its place goes by its smallest id.
    let files = bond == .groupAndImage ? imageFiles() : [:]
    for item in items {
      _ = root("g" + item.group)
      guard bond == .groupAndImage else { continue }
      for image in item.images {
        let (group, other) = (root("g" + item.group), root("i" + (files[image] ?? image)))
        if group != other { parent[max(group, other)] = min(group, other) }
      }
    }
    return Dictionary(grouping: items) { root("g" + $0.group) }.mapValues { $0.map(\.id).sorted() }
  }
}
