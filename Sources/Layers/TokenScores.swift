internal import CKernels
public import Tensor

/// The output head over answer tokens alone: log-probabilities of given tokens from hidden rows.
///
/// Logits exist for a chunk of rows at a time; [tokens, vocabulary] is never stored. With a frozen matrix the gradient of
/// the hidden rows is taken together with the scores (Hsu et al. 2024, Liger Kernel), so that each chunk's logits are
/// computed once; with one that trains they are kept where they are few, and else computed again on the way back.
public struct TokenScores: Sendable {
  /// In nats, [rows]; gradients flow to the hidden rows and to a tracked matrix.
  public let logProbabilities: Tensor
  /// The entropy in nats of each row's distribution.
  public let entropies: [Float]
  /// Whether the target is the most probable token.
  public let isGreedy: [Bool]

  /// Scores `targets` [rows] from `hidden` [rows, width] with the head's matrix [vocabulary, width].
  public init(hidden: Tensor, head weight: Tensor, targets: [Int]) {
    self.init(hidden: hidden, head: weight, cap: nil, targets: targets)
  }

  /// The same with a bound that logits approach by the hyperbolic tangent; nil for none.
  package init(hidden: Tensor, head weight: Tensor, cap: Float?, targets: [Int]) {
    precondition(
      hidden.rank == 2 && weight.rank == 2 && hidden.shape[1] == weight.shape[1] && hidden.shape[0] == targets.count,
      "\(targets.count) targets for rows \(hidden.shape) and a head \(weight.shape)")
    let (rows, vocabulary) = (targets.count, weight.shape[0])
    let index = targets.map { target -> Int32 in
      precondition(target >= 0 && target < vocabulary, "token \(target) of a vocabulary of \(vocabulary)")
      return Int32(target)
    }
    let (x, w) = (hidden.detached(), weight.detached())
    var scores = Scores(rows: rows)
    // A row's gradient is a multiple of W[target] - Σ p(token) W[token], which is known as soon as its logits are: taking it
    // now saves computing them again on the way back.
    let keepsSlopes = hidden.isTracked && !weight.isTracked
    var slopes: [Tensor] = []
    // Where the matrix trains they are needed on the way back.
    let keepsLogits = weight.isTracked && rows * vocabulary <= TokenScores.keptLogits
    var kept: [Tensor] = []
    let chunks = TokenScores.chunks(rows: rows, vocabulary: vocabulary)
    for chunk in chunks {
      // A token's score is the same whatever is scored beside it.
      let rows = chunk + Array(repeating: chunk.lowerBound, count: max(0, Tensor.fewRows + 1 - chunk.count))
      var logits = x.gathered(rows).matmul(w, transposeB: true)
      if rows.count > chunk.count { logits = logits.rows(0..<chunk.count) }
      logits = logits.capped(at: cap)
      scores.read(logits, chunk, index)
      if keepsLogits { kept.append(logits) }
      guard keepsSlopes else { continue }
      scores.turnIntoSlopes(&logits, chunk, index, weights: nil, cap: cap)
      slopes.append(logits.matmul(w))
    }
    let value = Tensor(scores.logProbabilities, shape: [rows])
    if keepsSlopes {
      let slopes = slopes.isEmpty ? nil : Tensor.concatenated(slopes)
      logProbabilities = .operation(value: value, inputs: [hidden]) { gradient in
        [slopes.map { $0 * gradient.reshaped([rows, 1]) }]
      }
    } else {
      logProbabilities = .operation(value: value, inputs: [hidden, weight]) { [scores, kept] gradient in
        var dw = weight.isTracked ? Tensor.zeros(w.shape) : nil
        let dx = chunks.enumerated().map { at, chunk -> Tensor in
          var slope = keepsLogits ? kept[at] : x.rows(chunk).matmul(w, transposeB: true).capped(at: cap)
          scores.turnIntoSlopes(&slope, chunk, index, weights: gradient, cap: cap)
          dw?.add(slope.matmul(x.rows(chunk), transposeA: true))
          return slope.matmul(w)
        }
        return [dx.isEmpty ? nil : .concatenated(dx), dw]
      }
    }
    entropies = scores.entropies
    isGreedy = scores.greedy.map { $0 != 0 }
  }

  /// The naive twin: all logits at once, plain operations.
  package static func naive(hidden: Tensor, head weight: Tensor, cap: Float? = nil, targets: [Int]) -> Tensor {
    let scores = hidden.matmul(weight, transposeB: true).capped(at: cap).logSoftmax()
    let flat = targets.enumerated().map { $0 * weight.shape[0] + $1 }
    return scores.reshaped([-1, 1]).gathered(flat).reshaped([-1])
  }

  /// The most logits that are kept for the way back: 16 MiB.
  private static let keptLogits = 1 << 22

  /// Runs of rows of one length whose logits take at most 64 MiB: each run lays the head out again, which pays from a
  /// hundred rows on.
  private static func chunks(rows: Int, vocabulary: Int) -> [Range<Int>] {
    let most = max(16, (1 << 24) / max(1, vocabulary))
    let count = max(1, (rows + most - 1) / most)
    let each = max(1, (rows + count - 1) / count)
    return stride(from: 0, to: rows, by: each).map { $0..<min(rows, $0 + each) }
  }
}

/// What is read off rows of logits.
private struct Scores: Sendable {
  var logProbabilities: [Float]
  var logSums: [Float]
  var entropies: [Float]
  var greedy: [UInt8]

  init(rows: Int) {
    logProbabilities = Array(repeating: 0, count: rows)
    (logSums, entropies) = (logProbabilities, logProbabilities)
    greedy = Array(repeating: 0, count: rows)
  }

  /// Reads the rows of a chunk.
  mutating func read(_ logits: Tensor, _ chunk: Range<Int>, _ targets: [Int32]) {
    let (columns, at) = (logits.shape[1], chunk.lowerBound)
    logits.withScalars { logits in
      logProbabilities.withUnsafeMutableBufferPointer { o in
        logSums.withUnsafeMutableBufferPointer { s in
          entropies.withUnsafeMutableBufferPointer { e in
            greedy.withUnsafeMutableBufferPointer { g in
              targets.withUnsafeBufferPointer { i in
                guard let l = logits.baseAddress, let i = i.baseAddress, let o = o.baseAddress,
                  let s = s.baseAddress, let e = e.baseAddress, let g = g.baseAddress
                else { return }
                inRowBlocks(rows: chunk.count, columns: columns) { first, count in
                  let to = at + first
                  sd_token_scores(l + first * columns, i + to, count, columns, o + to, s + to, e + to, g + to)
                }
              }
            }
          }
        }
      }
    }
  }

  /// Logits become the derivatives of their row's log-probability, times the row's weight if there are any; where they were
  /// capped, by the logits before that.
  func turnIntoSlopes(
    _ logits: inout Tensor, _ chunk: Range<Int>, _ targets: [Int32], weights: Tensor?, cap: Float?
  ) {
    let shares = cap.map { 1 - (logits * (1 / $0)).squared() }
    turnIntoSlopes(&logits, chunk, targets, weights: weights)
    if let shares { logits = logits * shares }
  }

  private func turnIntoSlopes(_ logits: inout Tensor, _ chunk: Range<Int>, _ targets: [Int32], weights: Tensor?) {
    let (columns, at) = (logits.shape[1], chunk.lowerBound)
    let weights = weights ?? .ones([logSums.count])
    logits.mutateScalars { logits in
      weights.withScalars { g in
        logSums.withUnsafeBufferPointer { s in
          targets.withUnsafeBufferPointer { i in
            guard let l = logits.baseAddress, let g = g.baseAddress, let s = s.baseAddress, let i = i.baseAddress
            else { return }
            inRowBlocks(rows: chunk.count, columns: columns) { first, count in
              let to = at + first
              sd_token_scores_backward(l + first * columns, i + to, s + to, g + to, count, columns)
            }
          }
        }
      }
    }
  }
}

extension Tensor {
  /// cap · tanh(x / cap); nil leaves it as it is.
  package func capped(at cap: Float?) -> Tensor { cap.map { (self * (1 / $0)).tanh() * $0 } ?? self }
}
