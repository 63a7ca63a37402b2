internal import CKernels
public import Tensor

/// The output head over answer tokens alone: log-probabilities of given tokens from hidden rows.
///
/// Logits exist for a chunk of rows at a time, in both passes; [tokens, vocabulary] is never stored. The backward pass
/// computes a chunk's logits again, which costs a third more arithmetic in the head and saves its largest buffer.
public struct TokenScores: Sendable {
  /// In nats, [rows]; gradients flow to the hidden rows and to a tracked matrix.
  public let logProbabilities: Tensor
  /// The entropy in nats of each row's distribution.
  public let entropies: [Float]
  /// The mean logit of each row.
  public let meanLogits: [Float]
  /// Whether the target is the most probable token.
  public let isGreedy: [Bool]

  /// Scores `targets` [rows] from `hidden` [rows, width] with the head's matrix [vocabulary, width].
  public init(hidden: Tensor, head weight: Tensor, targets: [Int]) {
    precondition(
      hidden.rank == 2 && weight.rank == 2 && hidden.shape[1] == weight.shape[1] && hidden.shape[0] == targets.count,
      "\(targets.count) targets for rows \(hidden.shape) and a head \(weight.shape)")
    let (rows, vocabulary) = (targets.count, weight.shape[0])
    let index = targets.map { target -> Int32 in
      precondition(target >= 0 && target < vocabulary, "token \(target) of a vocabulary of \(vocabulary)")
      return Int32(target)
    }
    let (x, w) = (hidden.detached(), weight.detached())
    let chunks = TokenScores.chunks(rows: rows, vocabulary: vocabulary)
    var logSums = [Float](repeating: 0, count: rows)
    var (entropies, means) = (logSums, logSums)
    var greedy = [UInt8](repeating: 0, count: rows)
    let value = Tensor(shape: [rows]) { out in
      for chunk in chunks {
        let logits = x.rows(chunk).matmul(w, transposeB: true)
        let at = chunk.lowerBound
        logits.withScalars { logits in
          index.withUnsafeBufferPointer { index in
            logSums.withUnsafeMutableBufferPointer { s in
              entropies.withUnsafeMutableBufferPointer { e in
                means.withUnsafeMutableBufferPointer { m in
                  greedy.withUnsafeMutableBufferPointer { g in
                    guard let l = logits.baseAddress, let i = index.baseAddress, let o = out.baseAddress,
                      let s = s.baseAddress, let e = e.baseAddress, let m = m.baseAddress, let g = g.baseAddress
                    else { return }
                    sd_token_scores(l, i + at, chunk.count, vocabulary, o + at, s + at, e + at, m + at, g + at)
                  }
                }
              }
            }
          }
        }
      }
    }
    logProbabilities = .operation(value: value, inputs: [hidden, weight]) { [logSums] gradient in
      var dw = weight.isTracked ? Tensor.zeros(w.shape) : nil
      let dx = chunks.map { chunk -> Tensor in
        var slope = x.rows(chunk).matmul(w, transposeB: true)
        let at = chunk.lowerBound
        slope.mutateScalars { logits in
          gradient.withScalars { g in
            logSums.withUnsafeBufferPointer { s in
              index.withUnsafeBufferPointer { i in
                guard let g = g.baseAddress, let s = s.baseAddress, let i = i.baseAddress else { return }
                sd_token_scores_backward(logits.baseAddress, i + at, s + at, g + at, chunk.count, vocabulary)
              }
            }
          }
        }
        dw?.add(slope.matmul(x.rows(chunk), transposeA: true))
        return slope.matmul(w)
      }
      return [dx.isEmpty ? nil : .concatenated(dx), dw]
    }
    self.entropies = entropies
    meanLogits = means
    isGreedy = greedy.map { $0 != 0 }
  }

  /// The naive twin: all logits at once, plain operations.
  package static func naive(hidden: Tensor, head weight: Tensor, targets: [Int]) -> Tensor {
    let scores = hidden.matmul(weight, transposeB: true).logSoftmax()
    let flat = targets.enumerated().map { $0 * weight.shape[0] + $1 }
    return scores.reshaped([-1, 1]).gathered(flat).reshaped([-1])
  }

  /// Runs of rows whose logits take at most 16 MiB.
  private static func chunks(rows: Int, vocabulary: Int) -> [Range<Int>] {
    let each = max(16, (1 << 22) / max(1, vocabulary))
    return stride(from: 0, to: rows, by: each).map { $0..<min(rows, $0 + each) }
  }
}
