import NewsWorld
import Testing

@Suite struct CaptionTests {
  private let boats = Scene(object: .boat, colour: .red, count: 3, place: .harbour, time: .dusk)

  /// The text in lower case without punctuation, with a blank at each end, so that whole words can be looked for.
  private func words(_ text: String) -> String {
    " " + String(text.lowercased().filter { $0.isLetter || $0 == " " || $0 == "-" }) + " "
  }

  private func mentions(_ caption: String, _ alternatives: [String]) -> Bool {
    alternatives.contains { caption.contains(" \($0) ") }
  }

  @Test
  func `a news caption names all five facts and no other value of any of them`() {
    var generator = WorldGenerator(seed: 1)
    for scene in everyScene {
      let caption = words(scene.newsCaption(using: &generator))
      for object in NewsObject.allCases {
        #expect(mentions(caption, object.singulars + object.plurals) == (object == scene.object), "\(caption)")
      }
      for colour in NewsColour.allCases {
        #expect(mentions(caption, colour.words) == (colour == scene.colour), "\(caption)")
      }
      for count in Scene.counts {
        #expect(mentions(caption, numberWords(count)) == (count == scene.count), "\(caption)")
      }
      for place in NewsPlace.allCases {
        #expect(mentions(caption, place.words) == (place == scene.place), "\(caption)")
      }
      for time in TimeOfDay.allCases {
        #expect(mentions(caption, time.adverbs) == (time == scene.time), "\(caption)")
      }
    }
  }

  @Test
  func `news captions begin with a capital, end with a full stop, and vary`() {
    var generator = WorldGenerator(seed: 2)
    let captions = (0..<300).map { _ in boats.newsCaption(using: &generator) }
    #expect(captions.allSatisfy { $0.first?.isUppercase == true && $0.last == "." && !$0.contains("  ") })
    #expect(Set(captions).count > 150)
    var again = WorldGenerator(seed: 2)
    #expect(captions == (0..<300).map { _ in boats.newsCaption(using: &again) })
  }

  @Test
  func `phrases name what is asked for, in singular and plural`() {
    #expect(boats.phrase(naming: [.colour]) == "red boats")
    #expect(boats.phrase(naming: [.count, .place]) == "three boats in a harbour")
    #expect(boats.phrase(naming: [.place, .time]) == "a harbour at dusk")
    #expect(boats.phrase(naming: [.time]) == "dusk")
    #expect(boats.phrase(naming: Set(Fact.allCases)) == "three red boats in a harbour at dusk")
    let umbrella = Scene(object: .umbrella, colour: .white, count: 1, place: .beach, time: .noon)
    #expect(umbrella.phrase(naming: [.object]) == "an umbrella")
    #expect(umbrella.phrase(naming: [.colour, .count]) == "one white umbrella")
    let bus = Scene(object: .bus, colour: .orange, count: 1, place: .street, time: .morning)
    #expect(bus.phrase(naming: [.colour, .time]) == "an orange bus in the morning")
    let people = Scene(object: .person, colour: .green, count: 2, place: .parliament, time: .night)
    #expect(people.phrase(naming: Set(Fact.allCases)) == "two people in green outside a parliament at night")
    let balloons = Scene(object: .balloon, colour: .blue, count: 4, place: .desert, time: .noon)
    #expect(balloons.phrase(naming: [.object, .place]) == "balloons over a desert")
  }

  @Test
  func `fact captions are all different and tell every scene from its twins`() {
    // Noun absent, plain, with colour, with number, with both; place or not; time or not; without the empty one.
    #expect(boats.factCaptions.count == 5 * 2 * 2 - 1)
    #expect(Set(boats.factCaptions).count == boats.factCaptions.count)
    #expect(Set(everyScene.map { $0.phrase(naming: Set(Fact.allCases)) }).count == everyScene.count)
  }

  @Test
  func `a rationale for a true caption says what both show, for a false one the facts that differ`() {
    var blue = boats
    blue.colour = .blue
    #expect(
      Rationale.text(caption: boats, photo: boats)
        == "Photo and caption both show three red boats in a harbour at dusk.")
    #expect(
      Rationale.text(caption: boats, photo: blue) == "The caption says red boats, but the photo shows blue boats.")
    blue.place = .beach
    #expect(
      Rationale.text(caption: boats, photo: blue)
        == "The caption says red boats in a harbour, but the photo shows blue boats on a beach.")
    var single = boats
    single.count = 1
    #expect(
      Rationale.text(caption: single, photo: boats) == "The caption says one boat, but the photo shows three boats.")
  }

  @Test
  func `a recogniser without noise lists the facts it knows, and one that is all noise none of them`() {
    var generator = WorldGenerator(seed: 4)
    let clear = Recogniser(noise: 0).entities(of: boats, using: &generator)
    #expect(Set(clear) == ["boat", "red", "harbour", "dusk"])
    let lists = (0..<200).map { _ in Recogniser(noise: 1).entities(of: boats, using: &generator) }
    #expect(lists.allSatisfy { !$0.contains("red") && !$0.contains("harbour") && !$0.contains("dusk") })
    let usual = (0..<500).map { _ in Recogniser().entities(of: boats, using: &generator) }
    let withPlace = usual.count { $0.contains("harbour") }
    // 350 expected, standard deviation 10.
    #expect((290...410).contains(withPlace))
    #expect(usual.allSatisfy { Set($0).count == $0.count })
  }
}
