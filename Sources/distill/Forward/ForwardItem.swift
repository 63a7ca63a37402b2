#if Run
  import Foundation

  /// One line of the items that `distill forward` reads.
  struct ForwardItem: Decodable {
    /// Paths of images, absolute or relative to the file.
    var images: [String]?
    /// What a decoder is asked.
    var prompt: String?
    /// The better and the worse answer.
    var chosen: String?, rejected: String?
    /// What an encoder reads, and the number of its class.
    var text: String?
    var label: Int?

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
