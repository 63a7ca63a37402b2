#if Run
  import Foundation

  /// One line of the items that `distill forward` reads.
  struct ForwardItem: Decodable {
    /// Paths of images, absolute or relative to the file.
    var images: [String]?
    /// What a decoder is asked; a text stands after its images.
    var prompt: Prompt?
    /// The better and the worse answer.
    var chosen: String?, rejected: String?
    /// What an encoder reads, and the number of its class.
    var text: String?
    var label: Int?

    /// A question: a text after its images, or parts in their order, `{"type": "image"}` and
    /// `{"type": "text", "text": "..."}`.
    struct Prompt: Decodable {
      var text = ""
      /// How many bytes of the text stand before each image; nil for all images before the text.
      private var imagePlaces: [Int]?

      private struct Part: Decodable {
        var type: String
        var text: String?
      }

      init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
          self.text = text
          return
        }
        var places: [Int] = []
        for part in try container.decode([Part].self) {
          switch (part.type, part.text) {
          case ("image", nil): places.append(text.utf8.count)
          case ("text", let own?): text += own
          default: throw DecodingError.dataCorruptedError(in: container, debugDescription: "no part: \(part)")
          }
        }
        imagePlaces = places
      }

      /// The places of so many images.
      func places(of images: Int, item: Int) throws -> [Int] {
        let places = imagePlaces ?? Array(repeating: 0, count: images)
        guard places.count == images else {
          throw FolderProblem(
            "item \(item + 1) has \(images) images, and \(places.count) places for them in its prompt")
        }
        return places
      }
    }

    /// Reads all lines.
    static func all(in url: URL) throws -> [ForwardItem] {
      let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
      return try lines.enumerated().compactMap { number, line in
        guard line.contains(where: { !$0.isWhitespace }) else { return nil }
        do { return try JSONDecoder().decode(ForwardItem.self, from: Data(line.utf8)) } catch {
          throw FolderProblem(
            "\(url.path), line \(number + 1): expected an object with images, prompt, chosen and rejected, or with text "
              + "and label")
        }
      }
    }

    /// The value of a field that the model at hand needs.
    static func need<Value>(_ value: Value?, _ field: String, item: Int) throws -> Value {
      guard let value else { throw FolderProblem("item \(item + 1) has no \"\(field)\", which this model needs") }
      return value
    }
  }
#endif
