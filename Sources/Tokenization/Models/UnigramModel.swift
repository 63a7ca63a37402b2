/// Unigram: the division of a text into tokens whose scores add up to the most.
///
/// Source: Kudo 2018 (arXiv 1804.10959); `models/unigram` of huggingface/tokenizers 0.23.
struct UnigramModel: TokenModel {
  let vocabulary: TokenTable
  private let scores: [Double]
  private let unknownID: Int32
  private let unknownScore: Double
  private let trie: TokenTrie
  /// Nil where tokens are short enough to walk the trie.
  private let automaton: TokenAutomaton?
  /// Ids of `<0x00>` to `<0xFF>`; nil unless unknown text is spelled in them.
  private let fallbackIDs: [Int32]?

  init(pieces: [(token: [UInt8], score: Double)], unknownID: Int32, fallsBackToBytes: Bool) {
    var table = TokenTable(capacity: pieces.count)
    var trie = TokenTrie()
    for (id, piece) in pieces.enumerated() {
      table.insert(piece.token, id: Int32(id), keepsOldID: true)
      trie.insert(piece.token, id: Int32(id))
    }
    vocabulary = table
    self.trie = trie
    automaton = pieces.contains { $0.token.count > TokenTrie.longestWalk } ? TokenAutomaton(trie) : nil
    scores = pieces.map(\.score)
    self.unknownID = unknownID
    // SentencePiece's penalty for what has no token.
    unknownScore = (scores.min() ?? 0) - 10
    fallbackIDs = fallsBackToBytes ? (0..<256).map { table.id(of: fallbackToken(of: UInt8($0))) ?? -1 } : nil
  }

  /// The best division of the text up to some byte.
  private struct Best {
    var score: Double
    var start: Int32
    var id: Int32
  }

  func tokenize(_ piece: UnsafeBufferPointer<UInt8>, into output: inout TokenOutput) {
    withUnsafeTemporaryAllocation(of: Best.self, capacity: piece.count + 1) { best in
      best.initialize(repeating: Best(score: 0, start: -1, id: 0))
      func offer(_ start: Int, _ end: Int, _ score: Double, _ id: Int32) {
        let total = best[start].score + score
        if best[end].start < 0 || total > best[end].score {
          best[end] = Best(score: total, start: Int32(start), id: id)
        }
      }
      if let automaton {
        offerByEnds(piece, automaton, offer)
      } else {
        offerByStarts(piece, offer)
      }
      write(best, piece, into: &output)
    }
  }

  /// Offers the tokens that begin at each character.
  @inline(__always)
  private func offerByStarts(_ piece: UnsafeBufferPointer<UInt8>, _ offer: (Int, Int, Double, Int32) -> Void) {
    var start = 0
    while start < piece.count {
      let next = start + utf8Length(piece[start])
      var hasSingle = false
      trie.forEachToken(in: piece, from: start) { end, id in
        offer(start, end, scores[Int(id)], id)
        if end == next { hasSingle = true }
      }
      if !hasSingle { offer(start, next, unknownScore, unknownID) }
      start = next
    }
  }

  /// Offers the same to each end in the same order, so that of divisions with equal scores the same one wins.
  private func offerByEnds(
    _ piece: UnsafeBufferPointer<UInt8>, _ automaton: TokenAutomaton, _ offer: (Int, Int, Double, Int32) -> Void
  ) {
    var last = 0
    automaton.forEachEnd(in: piece) { end, longest in
      guard end == piece.count || piece[end] & 0xC0 != 0x80 else { return }
      var hasSingle = false
      var token = longest
      while token != 0 {
        let (start, id) = (end - automaton.length(of: token), automaton.id(of: token))
        offer(start, end, scores[Int(id)], id)
        if start == last { hasSingle = true }
        token = automaton.shorter(than: token)
      }
      if !hasSingle { offer(last, end, unknownScore, unknownID) }
      last = end
    }
  }

  /// Follows the best division back from the end; neighbouring unknown characters make one token.
  private func write(
    _ best: UnsafeMutableBufferPointer<Best>, _ piece: UnsafeBufferPointer<UInt8>, into output: inout TokenOutput
  ) {
    var parts: [(start: Int, end: Int, id: Int32)] = []
    var end = piece.count
    while end > 0 {
      let (start, id) = (Int(best[end].start), best[end].id)
      if id == unknownID, let last = parts.last, last.id == unknownID {
        parts[parts.count - 1].start = start
      } else {
        parts.append((start, end, id))
      }
      end = start
    }
    for part in parts.reversed() {
      if part.id != unknownID {
        output.append(part.id, part.start, part.end)
        continue
      }
      let text = UnsafeBufferPointer(rebasing: piece[part.start..<part.end])
      if let id = vocabulary.id(of: text) {
        output.append(id, part.start, part.end)
      } else if let fallbackIDs, text.allSatisfy({ fallbackIDs[Int($0)] >= 0 }) {
        for byte in text { output.append(fallbackIDs[Int(byte)], part.start, part.end) }
      } else {
        output.append(unknownID, part.start, part.end)
      }
    }
  }
}

/// Tokens by their beginnings: all edges of the trie in one open-addressing table.
struct TokenTrie: Sendable {
  /// Tokens in use have up to some hundred bytes; with longer ones ``TokenAutomaton`` finds what begins at each place.
  static let longestWalk = 256

  /// Node, byte and child packed into a word; 0 is free, since no edge leads to the root.
  private var edges: [UInt64] = Array(repeating: 0, count: 64)
  private var edgeCount = 0
  private let seed = hashSeed()
  /// The id of the token that ends at each node; -1 where none does.
  private var ids: [Int32] = [-1]

  /// Adds a token; one that is already here gets the new id.
  mutating func insert(_ token: [UInt8], id: Int32) {
    guard !token.isEmpty else { return }
    var node: UInt64 = 0
    for byte in token {
      let slot = find(node, byte)
      if edges[slot] != 0 {
        node = edges[slot] & 0xFFF_FFFF
        continue
      }
      let child = UInt64(ids.count)
      precondition(child < 1 << 28, "a vocabulary must have fewer than 2^28 different beginnings")
      ids.append(-1)
      edges[slot] = Self.key(node, byte) << 28 | child
      edgeCount += 1
      if edgeCount * 2 > edges.count { grow() }
      node = child
    }
    ids[Int(node)] = id
  }

  func id(of token: [UInt8]) -> Int32? {
    var found: Int32?
    token.withUnsafeBufferPointer { token in
      forEachToken(in: token, from: 0) { if $0 == token.count { found = $1 } }
    }
    return found
  }

  /// Number of different beginnings, the empty one included, which is node 0.
  var nodeCount: Int { ids.count }

  /// The id of the token that ends at a node; -1 for none.
  func id(at node: Int) -> Int32 { ids[node] }

  /// The node that a byte leads to; 0 for none.
  func child(of node: Int, _ byte: UInt8) -> Int { Int(edges[find(UInt64(node), byte)] & 0xFFF_FFFF) }

  /// Calls `body` with each node but the first, after the one it hangs on and the byte that leads to it.
  func forEachEdge(_ body: (Int, UInt8, Int) -> Void) {
    for edge in edges where edge != 0 {
      body(Int(edge >> 36), UInt8(truncatingIfNeeded: edge >> 28), Int(edge & 0xFFF_FFFF))
    }
  }

  /// Reports every token that the text goes on with at a position, the shortest first, with the byte after its end.
  @inline(__always)
  func forEachToken(in text: UnsafeBufferPointer<UInt8>, from start: Int, _ body: (Int, Int32) -> Void) {
    edges.withUnsafeBufferPointer { edges in
      var node: UInt64 = 0
      var at = start
      while at < text.count {
        let edge = edges[Self.find(edges, node, text[at], seed)]
        if edge == 0 { return }
        node = edge & 0xFFF_FFFF
        at += 1
        let id = ids[Int(node)]
        if id >= 0 { body(at, id) }
      }
    }
  }

  private static func key(_ node: UInt64, _ byte: UInt8) -> UInt64 { node << 8 | UInt64(byte) }

  private func find(_ node: UInt64, _ byte: UInt8) -> Int {
    edges.withUnsafeBufferPointer { Self.find($0, node, byte, seed) }
  }

  /// The slot of an edge, or the free one where it belongs.
  @inline(__always)
  private static func find(
    _ edges: UnsafeBufferPointer<UInt64>, _ node: UInt64, _ byte: UInt8, _ seed: UInt64
  ) -> Int {
    let key = key(node, byte)
    let mask = edges.count - 1
    var slot = Int(truncatingIfNeeded: fold(key ^ seed)) & mask
    while edges[slot] != 0, edges[slot] >> 28 != key { slot = (slot + 1) & mask }
    return slot
  }

  private mutating func grow() {
    let old = edges
    edges = Array(repeating: 0, count: old.count * 2)
    for edge in old where edge != 0 {
      let key = edge >> 28
      edges[find(key >> 8, UInt8(truncatingIfNeeded: key))] = edge
    }
  }
}
