#if Run
  import ArgumentParser
  import Distillation
  import Foundation
  import HTTPTeacher
  import ImageDecoding
  import TeacherProtocol

  extension RunPlugins {
    /// The parts that the command adds to a run: teachers behind services, since the library has no network.
    ///
    /// - Parameter cache: the folder where images are kept that were made ready; nil for nowhere.
    static func command(cache: String? = nil) -> RunPlugins {
      var plugins = RunPlugins()
      let images = encodings(cache: cache)
      plugins.makeTeacher = { entry, _ in
        switch entry.source {
        case .recorded, .model, .trained: return nil
        case .openAI(let service): return try service.teacher(entry.name, images: images)
        case .decision(let decider): return try decider.teacher(entry.name, images: images)
        }
      }
      return plugins
    }

    /// Images on their way to services, each made ready once.
    static func encodings(cache: String?) -> ImageEncodings {
      let folder = cache.map { URL(filePath: NSString(string: $0).expandingTildeInPath).appending(path: "sent-images") }
      return ImageEncodings(folder: folder) { data, edge in try plain(data, longestEdge: edge) }
    }

    /// An image as all programs show alike, upright and opaque; nil where it is that already and no larger than asked for.
    static func plain(_ data: Data, longestEdge: Int?) throws -> Data? {
      try ImageDecoder(options: .forPeople).plainFile([UInt8](data), longestEdge: longestEdge).map { Data($0) }
    }
  }

  extension OpenAITeacherConfiguration {
    /// The addresses of the teacher of this name.
    fileprivate func bases(of name: String) throws -> [URL] {
      try addresses.all.map { address in
        guard let base = URL(string: address) else {
          throw ValidationError("teachers.\(name).base_url '\(address)' is no address.")
        }
        return base
      }
    }

    fileprivate func teacher(_ name: String, images: ImageEncodings) throws -> any Teacher {
      let (bases, key) = (try bases(of: name), try key())
      return switch service {
      case .openAI(let options):
        OpenAICompatibleTeacher(name, options: options, bases: bases, key: key, images: images)
      case .anthropic(let options):
        AnthropicTeacher(name, options: options, bases: bases, key: key, images: images)
      }
    }

    /// The service's key; nil where none is named.
    func key() throws -> APIKey? {
      if let keyFile { return try APIKey(contentsOf: URL(filePath: NSString(string: keyFile).expandingTildeInPath)) }
      return try keyVariable.map { try APIKey(environment: $0) }
    }

    /// How fast the service is asked, and when again.
    fileprivate var manners: (pace: PaceLimits, retry: RetryPolicy) {
      var pace = PaceLimits()
      pace.inFlight = concurrency
      (pace.requestsPerMinute, pace.tokensPerMinute) = (requestsPerMinute, tokensPerMinute)
      var retry = RetryPolicy()
      retry.attempts = retries + 1
      return (pace, retry)
    }

    /// How the service is spoken to, over the network or by the batch.
    var service: BatchService.Kind {
      let (pace, retry) = manners
      switch api {
      case .openAI:
        var options = OpenAICompatibleTeacher.Options(model: model)
        options.lengthParameter = lengthParameter.flatMap { HTTPTeacher.LengthParameter(rawValue: $0.rawValue) }
        options.responseFormat = responseFormat.flatMap { HTTPTeacher.ResponseFormat(rawValue: $0.rawValue) }
        options.wantsLogProbabilities = logProbabilities
        options.imageEdge = imageEdge
        (options.seconds, options.retry, options.pace) = (timeout, retry, pace)
        return .openAI(options)
      case .anthropic:
        var options = AnthropicTeacher.Options(model: model)
        if let imageEdge { options.imageEdge = imageEdge }
        (options.seconds, options.retry, options.pace) = (timeout, retry, pace)
        return .anthropic(options)
      }
    }
  }

  extension DecisionTeacherConfiguration {
    fileprivate func teacher(_ name: String, images: ImageEncodings) throws -> any Teacher {
      var options = DecisionTeacher.Options(model: service.model)
      switch api {
      case .systemOne: options.api = .systemOne
      case .decisions: options.api = .decisions
      }
      switch state {
      case .fields: options.state = .fields
      case .prompt: options.state = .prompt
      }
      (options.question, options.imageEdge, options.seconds) = (question, service.imageEdge, service.timeout)
      (options.pace, options.retry) = service.manners
      return DecisionTeacher(
        name, options: options, bases: try service.bases(of: name), key: try service.key(), images: images)
    }
  }
#endif
