/// The prompt for an item: a text, and the images before it and within it.
package struct Prompt: Sendable, Equatable {
  /// An image and where it stands.
  package struct Image: Sendable, Hashable {
    /// The path as the data file gives it.
    package var path: String
    /// How many bytes of the text's UTF-8 stand before it.
    package var place: Int

    /// An image. The default place is 0: before the text.
    package init(path: String, place: Int = 0) {
      self.path = path
      self.place = place
    }
  }

  /// The text, without its images.
  package var text: String
  /// The images in the order in which they are seen.
  package var images: [Image]

  package init(text: String, images: [Image] = []) {
    self.text = text
    self.images = images
  }
}

extension Prompt {
  /// Whether images can stand at these places of a text: they rise, and each is between two characters.
  package static func arePlaces(_ places: [Int], in text: String) -> Bool {
    zip(places, places.dropFirst()).allSatisfy { $0 <= $1 }
      && places.allSatisfy { place in
        place == 0
          || (0...text.utf8.count).contains(place)
            && text.utf8.index(text.startIndex, offsetBy: place).samePosition(in: text.unicodeScalars) != nil
      }
  }
}

/// A text cut at the places of its images.
package enum PromptPart: Sendable, Equatable {
  case text(String)
  /// An image by its number in the order of places.
  case image(Int)

  /// The parts of a text in which images stand.
  ///
  /// - Parameter places: how many bytes of UTF-8 stand before each image, in rising order.
  /// - Precondition: ``Prompt/arePlaces(_:in:)``.
  package static func parts(of text: String, imagesAt places: [Int]) -> [PromptPart] {
    precondition(Prompt.arePlaces(places, in: text), "images at \(places) of a text of \(text.utf8.count) bytes")
    var parts: [PromptPart] = []
    var at = text.startIndex
    func add(upTo end: String.Index) {
      if at < end { parts.append(.text(String(text[at..<end]))) }
      at = end
    }
    for (number, place) in places.enumerated() {
      add(upTo: text.utf8.index(text.startIndex, offsetBy: place))
      parts.append(.image(number))
    }
    add(upTo: text.endIndex)
    return parts
  }
}
