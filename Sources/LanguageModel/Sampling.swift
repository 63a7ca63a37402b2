public import Tensor

/// How the next token is chosen from its logits.
public struct Sampling: Sendable, Codable, Equatable {
  /// Divides the logits; 0 takes the most probable token, and so does all below 1e-6. The default is 0.
  public var temperature: Float = 0
  /// Only the smallest set of tokens that reaches this probability is drawn from. The default, 1, keeps all.
  public var topP: Float = 1
  /// Only this many most probable tokens are drawn from; 0 keeps all. The default is 0.
  public var topK = 0

  /// Greedy unless a temperature is given.
  public init(temperature: Float = 0, topP: Float = 1, topK: Int = 0) {
    (self.temperature, self.topP, self.topK) = (temperature, topP, topK)
  }

  /// The next token.
  ///
  /// - Parameter logits: [vocabulary]; of equal ones the first is taken.
  public func token(from logits: Tensor, using generator: inout some RandomNumberGenerator) -> Int {
    // Divided by less, logits leave the range of numbers.
    guard temperature >= 1e-6 else { return logits.reshaped([1, -1]).argmax(along: 1)[0] }
    let probabilities = (logits.reshaped([-1]) * (1 / temperature)).softmax().scalars
    var order = Self.descending(probabilities)
    if topK > 0 { order = Array(order.prefix(topK)) }
    // In Double: what Float's rounding leaves over of the highest draws would go to the last token, which may be ruled out.
    var mass = 0.0
    var kept: [Int] = []
    for token in order {
      kept.append(token)
      mass += Double(probabilities[token])
      if Float(mass) >= topP { break }
    }
    var draw = Double(generator.next() >> 40) * 0x1p-24 * mass
    for token in kept {
      draw -= Double(probabilities[token])
      if draw < 0 { return token }
    }
    return kept[kept.count - 1]
  }

  /// The places of numbers that are not negative, the largest first and of equal ones the first: sorted by halves of their
  /// bits, since comparing all of a vocabulary takes longer than a small model's token.
  package static func descending(_ numbers: [Float]) -> [Int] {
    var order = Array(numbers.indices)
    var sorted = order
    let keys = numbers.map { ~$0.bitPattern }
    for shift in [0, 16] as [UInt32] {
      var starts = [Int](repeating: 0, count: 1 << 16 + 1)
      for key in keys { starts[Int(key >> shift & 0xffff) + 1] += 1 }
      for i in 1..<starts.count { starts[i] += starts[i - 1] }
      for place in order {
        let half = Int(keys[place] >> shift & 0xffff)
        sorted[starts[half]] = place
        starts[half] += 1
      }
      swap(&order, &sorted)
    }
    return order
  }
}
