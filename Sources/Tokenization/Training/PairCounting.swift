/// The words of a corpus while the most frequent pairs of symbols are merged in them.
struct PairCounting {
  /// Two neighbouring symbols.
  struct Pair: Hashable {
    var left: Int32
    var right: Int32
    /// Pairs of equal frequency are merged in this order.
    var order: UInt64 { UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right)) }
  }

  /// A pair in the queue with the words in which it is to be merged. Its count may be out of date.
  private struct Candidate {
    var count: Int
    var pair: Pair
    var words: [Int32]

    func comes(before other: Candidate) -> Bool {
      count != other.count ? count > other.count : pair.order < other.pair.order
    }
  }

  private var words: [[Int32]]
  private let frequencies: [Int]
  private var counts: [Pair: Int] = [:]
  /// Words in which a pair is new since the queue was last filled, ascending.
  private var places: [Pair: [Int32]] = [:]
  private var queue: [Candidate] = []
  private var next: Candidate?

  init(words: [(word: [UInt8], count: Int)], byteIDs: [Int32]) {
    self.words = words.map { $0.word.map { byteIDs[Int($0)] } }
    frequencies = words.map(\.count)
    for (number, word) in self.words.enumerated() {
      for i in 0..<max(0, word.count - 1) {
        note(Pair(left: word[i], right: word[i + 1]), frequencies[number], in: Int32(number))
      }
    }
    fillQueue()
  }

  /// The pair to merge next; nil when none occurs at least once and `minimum` times.
  mutating func mostFrequent(atLeast minimum: Int) -> Pair? {
    while let first = queue.first {
      let count = counts[first.pair] ?? 0
      if count != first.count {
        queue[0].count = count
        sink(0)
        continue
      }
      guard count >= max(1, minimum) else { return nil }
      next = first
      let last = queue.removeLast()
      if !queue.isEmpty {
        queue[0] = last
        sink(0)
      }
      return first.pair
    }
    return nil
  }

  /// Merges the pair that ``mostFrequent(atLeast:)`` gave.
  mutating func merge(_ pair: Pair, into id: Int32) {
    guard let candidate = next, candidate.pair == pair else {
      preconditionFailure("only the most frequent pair may be merged")
    }
    next = nil
    for number in candidate.words { merge(pair, into: id, in: number) }
    fillQueue()
  }

  private mutating func merge(_ pair: Pair, into id: Int32, in number: Int32) {
    var word = words[Int(number)]
    words[Int(number)] = []
    let frequency = frequencies[Int(number)]
    var read = 0
    var write = 0
    while read < word.count {
      guard word[read] == pair.left, read + 1 < word.count, word[read + 1] == pair.right else {
        word[write] = word[read]
        write += 1
        read += 1
        continue
      }
      if write > 0 {
        counts[Pair(left: word[write - 1], right: pair.left), default: 0] -= frequency
        note(Pair(left: word[write - 1], right: id), frequency, in: number)
      }
      word[write] = id
      write += 1
      read += 2
      if read < word.count {
        counts[Pair(left: pair.right, right: word[read]), default: 0] -= frequency
        note(Pair(left: id, right: word[read]), frequency, in: number)
      }
    }
    word.removeLast(word.count - write)
    words[Int(number)] = word
  }

  private mutating func note(_ pair: Pair, _ frequency: Int, in number: Int32) {
    counts[pair, default: 0] += frequency
    if places[pair]?.last != number { places[pair, default: []].append(number) }
  }

  private mutating func fillQueue() {
    // The order of a dictionary is of no consequence: a heap gives its least element whatever order it was filled in.
    for (pair, words) in places {
      guard let count = counts[pair], count > 0 else { continue }
      queue.append(Candidate(count: count, pair: pair, words: words))
      rise(queue.count - 1)
    }
    places.removeAll(keepingCapacity: true)
  }

  private mutating func rise(_ start: Int) {
    var i = start
    while i > 0, queue[i].comes(before: queue[(i - 1) / 2]) {
      queue.swapAt(i, (i - 1) / 2)
      i = (i - 1) / 2
    }
  }

  private mutating func sink(_ start: Int) {
    var i = start
    while true {
      var first = 2 * i + 1
      guard first < queue.count else { return }
      if first + 1 < queue.count, queue[first + 1].comes(before: queue[first]) { first += 1 }
      guard queue[first].comes(before: queue[i]) else { return }
      queue.swapAt(i, first)
      i = first
    }
  }
}
