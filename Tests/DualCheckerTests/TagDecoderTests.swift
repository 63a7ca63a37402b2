import DualChecker
import Testing

@Suite struct TagDecoderTests {
  private let names = ["O", "B-a", "I-a", "B-b", "I-b"]

  /// Rows in which the given tags have the probability, and the rest is shared out.
  private func rows(_ tags: [Int], _ probability: Float = 0.9) -> [[Float]] {
    tags.map { tag in (0..<5).map { $0 == tag ? probability : (1 - probability) / 4 } }
  }

  @Test func `tokens inside of words and later bytes of a character go on with the one before`() {
    let text = "Ribbed zinc, 水素"
    let places = [0..<3, 3..<6, 7..<11, 11..<12, 13..<14, 13..<14, 14..<15]
    #expect(
      TagDecoder.continuations(places, in: text) == [false, true, false, false, false, true, false])
    // A token with the space before its word begins the word.
    #expect(TagDecoder.continuations([0..<6, 6..<11], in: text) == [false, false])
    #expect(TagDecoder.continuations([], in: "") == [])
  }

  @Test func `no span begins or ends inside of a word`() {
    let decoder = TagDecoder(names)
    // The last piece of the second word is taken for the outside, and the last one for another beginning.
    let chances = rows([1, 2, 2, 0, 3, 3], 0.6)
    #expect(decoder.tags(chances, continues: [Bool](repeating: false, count: 6)) == [1, 2, 2, 0, 3, 3])
    #expect(decoder.tags(chances, continues: [false, true, false, true, false, true]) == [1, 2, 2, 2, 3, 4])
    // Two pieces that are surely outside outvote one that is hardly inside.
    let torn = rows([0, 0], 0.99) + rows([1], 0.4) + rows([0, 0], 0.99)
    #expect(decoder.tags(torn, continues: [false, true, true, true, true]) == [0, 0, 0, 0, 0])
  }

  @Test func `an inner tag goes on with a span of its own type alone`() {
    let decoder = TagDecoder(names)
    #expect(decoder.tags(rows([2, 2], 0.9), continues: [false, false]) == [1, 2])
    #expect(decoder.tags([], continues: []) == [])
    // Tags that begin nothing are words of their own.
    #expect(TagDecoder(["x", "y"]).tags([[0.9, 0.1], [0.2, 0.8]], continues: [false, true]) == [0, 0])
  }
}
