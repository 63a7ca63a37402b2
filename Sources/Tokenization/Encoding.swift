internal import JSON

/// The result of encoding a text. All lists have one entry per token.
public struct Encoding: Sendable, Equatable {
  /// The token ids.
  public var ids: [Int] = []
  /// The segment each token belongs to: 0 for the first text, mostly 1 for the second of a pair.
  package var typeIDs: [Int] = []
  /// The range of each token in the original text, in Unicode scalars from its start, as Python counts. Special
  /// tokens have 0..<0. In a pair, the tokens of the second text count from its own start.
  public var offsets: [Range<Int>] = []
  /// 1 for special tokens that were added, 0 for tokens of the text.
  package var specialTokensMask: [Int] = []
  /// 1 for tokens, 0 for padding.
  public var attentionMask: [Int] = []

  /// No tokens.
  init() {}

  /// Tokens of one text that are known already, without offsets into it.
  package init(ids: [Int]) {
    self.ids = ids
    typeIDs = Array(repeating: 0, count: ids.count)
    offsets = Array(repeating: 0..<0, count: ids.count)
    specialTokensMask = typeIDs
    attentionMask = Array(repeating: 1, count: ids.count)
  }

  /// Number of tokens.
  public var count: Int { ids.count }

  mutating func append(id: Int, type: Int, offset: Range<Int>, isSpecial: Bool) {
    ids.append(id)
    typeIDs.append(type)
    offsets.append(offset)
    specialTokensMask.append(isSpecial ? 1 : 0)
    attentionMask.append(1)
  }

  /// Adds padding until there are `length` tokens.
  mutating func pad(to length: Int, _ padding: Padding) {
    let missing = length - count
    guard missing > 0 else { return }
    let place = padding.side == .left ? 0 : count
    ids.insert(contentsOf: repeatElement(padding.id, count: missing), at: place)
    typeIDs.insert(contentsOf: repeatElement(padding.typeID, count: missing), at: place)
    offsets.insert(contentsOf: repeatElement(0..<0, count: missing), at: place)
    specialTokensMask.insert(contentsOf: repeatElement(1, count: missing), at: place)
    attentionMask.insert(contentsOf: repeatElement(0, count: missing), at: place)
  }
}

/// Which end of a text something happens to.
public enum Side: String, Sendable, Equatable {
  /// The beginning.
  case left
  /// The end.
  case right

  init(_ reader: FieldReader, _ field: String) throws {
    guard reader.value(field) != nil else {
      self = .right
      return
    }
    guard let side = Side(rawValue: try reader.string(field).lowercased()) else {
      throw reader.failure(field, "\"Left\" or \"Right\"")
    }
    self = side
  }
}

/// How texts that are too long are cut.
public struct Truncation: Sendable, Equatable {
  /// Which text of a pair is cut.
  public enum Strategy: String, Sendable, Equatable {
    /// Token by token from the longer one.
    case longestFirst = "LongestFirst"
    case onlyFirst = "OnlyFirst"
    case onlySecond = "OnlySecond"
  }

  /// The most tokens there may be, special ones included.
  package var maximumLength: Int
  /// Which text of a pair is cut. The default is the longer one.
  package var strategy: Strategy = .longestFirst
  /// The end that is cut away. The default is the right one.
  package var side: Side = .right

  /// Cuts to at most `maximumLength` tokens.
  public init(maximumLength: Int, strategy: Strategy = .longestFirst, side: Side = .right) {
    precondition(maximumLength >= 0, "a length is at least 0, not \(maximumLength)")
    self.maximumLength = maximumLength
    self.strategy = strategy
    self.side = side
  }

  init(_ reader: FieldReader) throws {
    maximumLength = try reader.integer("max_length", in: 0...Int.max)
    if reader.value("strategy") != nil {
      guard let strategy = Strategy(rawValue: try reader.string("strategy")) else {
        throw reader.failure("strategy", "\"LongestFirst\", \"OnlyFirst\" or \"OnlySecond\"")
      }
      self.strategy = strategy
    }
    side = try Side(reader, "direction")
  }
}

/// How the texts of a batch are brought to one length.
public struct Padding: Sendable, Equatable {
  /// The id that fills up.
  public var id: Int
  /// The segment number of what fills up.
  package var typeID = 0
  /// The end at which it is added. The default is the right one.
  package var side: Side = .right
  /// The length of all; nil takes that of the longest.
  package var length: Int?
  /// The length is rounded up to a multiple of this; nil leaves it.
  package var multiple: Int?

  /// Fills up with an id.
  public init(id: Int, typeID: Int = 0, side: Side = .right, length: Int? = nil, multiple: Int? = nil) {
    precondition(multiple ?? 1 > 0, "a multiple is at least 1, not \(multiple ?? 1)")
    self.id = id
    self.typeID = typeID
    self.side = side
    self.length = length
    self.multiple = multiple
  }

  /// More than any model takes; a batch is filled up to it.
  private static let longest = 1 << 20

  init(_ reader: FieldReader) throws {
    id = try reader.integer("pad_id", in: FieldReader.ids)
    typeID = try reader.integer("pad_type_id", in: FieldReader.ids, default: 0)
    side = try Side(reader, "direction")
    if let strategy = reader.value("strategy"), strategy.string == nil {
      guard let fixed = strategy["Fixed"]?.spelledInteger, (0...Self.longest).contains(fixed) else {
        throw reader.failure("strategy", "\"BatchLongest\" or {\"Fixed\": length}, the length up to \(Self.longest)")
      }
      length = fixed
    }
    if reader.value("pad_to_multiple_of") != nil {
      multiple = try reader.integer("pad_to_multiple_of", in: 1...Self.longest)
    }
  }
}
