import NewsWorld
import Testing

/// Every scene that occurs: 10 objects at their places, in all colours, numbers and times.
let everyScene: [Scene] = NewsObject.allCases.flatMap { object in
  object.places.flatMap { place in
    NewsColour.allCases.flatMap { colour in
      Scene.counts.flatMap { count in
        TimeOfDay.allCases.map { Scene(object: object, colour: colour, count: count, place: place, time: $0) }
      }
    }
  }
}

/// All sets of one or two facts.
let everyDifference: [Set<Fact>] =
  Fact.allCases.map { [$0] }
  + Fact.allCases.flatMap { first in Fact.allCases.filter { $0 != first }.map { Set([first, $0]) } }

@Suite struct SceneTests {
  @Test
  func `the generator gives the published numbers of SplitMix64`() {
    var generator = WorldGenerator(seed: 1_234_567)
    #expect(generator.next() == 6_457_827_717_110_365_317)
    #expect(generator.next() == 3_203_168_211_198_807_973)
    #expect(generator.next() == 9_817_491_932_198_370_423)
  }

  @Test
  func `generators for different purposes differ, and so do those whose names join to the same text`() {
    var first = WorldGenerator(seed: 1, purpose: "group", "12")
    var same = WorldGenerator(seed: 1, purpose: "group", "12")
    var other = WorldGenerator(seed: 1, purpose: "group1", "2")
    let number = first.next()
    #expect(number == same.next())
    #expect(number != other.next())
  }

  @Test
  func `numbers below a bound, shuffles and chances are fair`() {
    var generator = WorldGenerator(seed: 3)
    var counts = [Int](repeating: 0, count: 5)
    for _ in 0..<10_000 { counts[generator.below(5)] += 1 }
    // 2,000 expected, standard deviation 40: six of them.
    #expect(counts.allSatisfy { abs($0 - 2000) < 240 })
    #expect((0..<100).allSatisfy { _ in generator.shuffle([1, 2, 3, 4]).sorted() == [1, 2, 3, 4] })
    #expect((0..<100).allSatisfy { _ in (0..<1).contains(generator.unit()) })
  }

  @Test(arguments: everyDifference)
  func `a twin differs in exactly the stated facts and its object occurs at its place`(facts: Set<Fact>) {
    var generator = WorldGenerator(seed: 5)
    for scene in everyScene {
      let twin = scene.twin(differingIn: facts, using: &generator)
      #expect(twin.differences(from: scene) == facts)
      #expect(twin.object.places.contains(twin.place))
    }
  }

  @Test
  func `random scenes reach every value of every fact and put objects where they occur`() {
    var generator = WorldGenerator(seed: 6)
    let scenes = (0..<2000).map { _ in Scene.random(using: &generator) }
    #expect(Set(scenes.map(\.object)).count == 10)
    #expect(Set(scenes.map(\.colour)).count == 7)
    #expect(Set(scenes.map(\.count)) == [1, 2, 3, 4])
    #expect(Set(scenes.map(\.place)).count == 8)
    #expect(Set(scenes.map(\.time)).count == 4)
    #expect(scenes.allSatisfy { $0.object.places.contains($0.place) })
  }

  @Test
  func `a set of facts is named in a fixed order`() {
    #expect(Set<Fact>([.place, .colour]).name == "colour+place")
    #expect(Set<Fact>([.time]).name == "time")
    #expect(Set(Fact.allCases).ordered == Fact.allCases)
  }
}
