import JSON

#if Run
  import Foundation
  import ImageDecoding
  import Layers
  import LoopbackServer
  import StudentModels
  import StudentServer
  import TeacherProtocol
  import Tensor
  import Testing

  #if canImport(FoundationNetworking)
    import FoundationNetworking
  #endif

  /// A student that was made from nothing, served on this machine, and a client that knows no more than the protocol.
  struct ServedStudent: Sendable {
    let student: SmolVLM
    let server: StudentServer

    init(seed: UInt64 = 1) throws {
      var sizes = SmolVLM.FreshSizes()
      (sizes.vocabularySize, sizes.hiddenSize, sizes.intermediateSize, sizes.layers) = (320, 32, 48, 2)
      (sizes.maxPositions, sizes.visionHiddenSize, sizes.visionIntermediateSize) = (512, 16, 24)
      (sizes.visionLayers, sizes.visionHeads, sizes.imageSize, sizes.patchSize) = (1, 2, 16, 4)
      var generator = Tensor.Generator(seed: seed)
      student = try SmolVLM(
        sizes, textsForTokenizer: ["Yes, the photo is used out of context.", "No, it belongs to the caption."],
        using: &generator)
      server = StudentServer(student, name: "tiny")
    }

    /// A photograph as a data URL.
    static func photo(_ seed: UInt64) throws -> (image: RGBImage, url: String) {
      var generator = Tensor.Generator(seed: seed)
      let pixels = (0..<(3 * 256)).map { _ in UInt8.random(in: 0...255, using: &generator) }
      let image = RGBImage(width: 16, height: 16, pixels: pixels)
      return (image, "data:image/png;base64," + Data(try image.pngData()).base64EncodedString())
    }

    /// A request with one question; `more` is added to it.
    static func body(_ question: String, _ more: String = "", image: String? = nil) -> String {
      let text = #"{"type": "text", "text": \#(JSONValue.string(question).text)}"#
      let photo = image.map { #"{"type": "image_url", "image_url": {"url": "\#($0)"}}, "# } ?? ""
      return
        #"{"model": "tiny", "messages": [{"role": "user", "content": [\#(photo)\#(text)]}]\#(more.isEmpty ? "" : ", " + more)}"#
    }

    /// Sends a body over a connection of its own and reads what comes back.
    func post(_ body: String, to path: String = "/v1/chat/completions") async throws -> (status: Int, text: String) {
      try await server.withPort { port in
        var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(port)\(path)")))
        request.httpMethod = "POST"
        request.httpBody = Data(body.utf8)
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        let (data, response) = try await URLSession.shared.data(for: request)
        return ((response as? HTTPURLResponse)?.statusCode ?? 0, String(decoding: data, as: UTF8.self))
      }
    }

    /// The same without a network, for tests of what is answered and not of how it comes.
    func answer(_ body: String) async throws -> JSONValue {
      let response = await server.answer(LoopbackRequest("POST", "/v1/chat/completions", body: Data(body.utf8)))
      guard case .data(let bytes) = response.body else { throw CancellationError() }
      return try bytes.withUnsafeBytes { try JSONParser.value(of: $0.bindMemory(to: UInt8.self)) }
    }

    /// The texts of all choices.
    func texts(_ body: String) async throws -> [String] {
      try #require(try await answer(body)["choices"]?.elements).map { $0["message"]?["content"]?.string ?? "" }
    }
  }
#endif
