/// The tokens that end at each place of a text, in time linear in the text and in what is found, however long tokens are and
/// however much of one the text repeats (Aho and Corasick 1975).
///
/// ``TokenTrie``, its naive twin, walks on from each place anew: faster while tokens are short, and the product of both lengths
/// where a token is as long as the text.
struct TokenAutomaton: Sendable {
  private let trie: TokenTrie
  /// For each node, the longest other node that its bytes end with.
  private let shorter: [Int32]
  /// For each node, the longest token that its bytes end with, as a node; 0 if there is none.
  private let tokens: [Int32]
  /// For each node, its number of bytes.
  private let lengths: [Int32]

  init(_ trie: TokenTrie) {
    self.trie = trie
    var (parents, bytes) = (
      Array(repeating: 0, count: trie.nodeCount), Array(repeating: UInt8(0), count: trie.nodeCount)
    )
    trie.forEachEdge { (parents[$2], bytes[$2]) = ($0, $1) }
    var lengths: [Int32] = [0]
    // A node was made after its parent.
    for parent in parents.dropFirst() { lengths.append(lengths[parent] + 1) }
    var shorter = Array(repeating: Int32(0), count: trie.nodeCount)
    var tokens = shorter
    for node in parents.indices.dropFirst().sorted(by: { lengths[$0] < lengths[$1] }) {
      if parents[node] != 0 {
        shorter[node] = Int32(Self.step(from: Int(shorter[parents[node]]), bytes[node], trie, shorter))
      }
      tokens[node] = trie.id(at: node) >= 0 ? Int32(node) : tokens[Int(shorter[node])]
    }
    (self.lengths, self.shorter, self.tokens) = (lengths, shorter, tokens)
  }

  /// The longest node that the bytes of a node with one more end with.
  private static func step(from start: Int, _ byte: UInt8, _ trie: TokenTrie, _ shorter: [Int32]) -> Int {
    var node = start
    while true {
      let child = trie.child(of: node, byte)
      if child != 0 || node == 0 { return child }
      node = Int(shorter[node])
    }
  }

  /// Reports for each number of bytes of a text, from 1 on, the longest token that ends there; 0 for none.
  func forEachEnd(in text: some Sequence<UInt8>, _ body: (_ end: Int, _ token: Int) -> Void) {
    var node = 0
    var end = 0
    for byte in text {
      node = Self.step(from: node, byte, trie, shorter)
      end += 1
      body(end, Int(tokens[node]))
    }
  }

  /// The next shorter token that a token ends with; 0 for none.
  func shorter(than token: Int) -> Int { Int(tokens[Int(shorter[token])]) }

  /// The number of bytes of a token.
  func length(of token: Int) -> Int { Int(lengths[token]) }

  /// The id of a token.
  func id(of token: Int) -> Int32 { trie.id(at: token) }
}
