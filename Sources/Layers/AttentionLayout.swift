internal import CKernels
public import Tensor

/// Which keys each query sees, as runs: enough for causal text, whole images, answer trees and cached decoding.
///
/// ```swift
/// let layout = AttentionLayout.trees([.init(prompt: 3, answers: [2, 2])])
/// // rows: p p p a a b b. Row 5 (first of b) sees rows 0, 1, 2 and 5.
/// let y = layout.attention(queries: q, keys: k, values: v)
/// ```
///
/// Groups are independent: no query sees a key of another group, so several trees of unequal length are packed one after
/// the other without padding.
public struct AttentionLayout: Sendable {
  /// The shape of one answer tree in rows.
  public struct Tree: Sendable, Equatable {
    /// Rows of the prompt.
    public var prompt: Int
    /// Rows of each answer.
    public var answers: [Int]
    /// Runs of the prompt's rows that see each other both ways, first to last, as the rows of one image do in Gemma 3.
    package var blocks: [Range<Int>] = []

    /// A tree of this shape.
    public init(prompt: Int, answers: [Int]) {
      (self.prompt, self.answers) = (prompt, answers)
    }

    /// The same with blocks.
    package init(prompt: Int, answers: [Int], blocks: [Range<Int>]) {
      (self.prompt, self.answers, self.blocks) = (prompt, answers, blocks)
    }
  }

  var spans: [sd_span]
  let groups: [sd_group]
  /// Rows of queries.
  public let queries: Int
  /// Rows of keys and values.
  package let keys: Int
  /// Groups of up to so many queries are summed in the way that is the fastest for them: where it depends on nothing else
  /// which way a group takes.
  var few = defaultFew
  static let defaultFew: Int32 = 4

  /// Whether all groups are of so few queries.
  var hasFewQueries: Bool {
    groups.allSatisfy { group in
      spans[Int(group.span_first)..<Int(group.span_last)].reduce(0) { $0 + $1.last - $1.first } <= few
    }
  }

  /// Softmax(scale · Q Kᵀ) V over the visible keys, head by head; the scores are never stored.
  ///
  /// - Parameters:
  ///   - q: the queries, [queries, heads, dimensions]; dimensions at most 256.
  ///   - k: the keys, [keys, key heads, dimensions]; heads is a multiple of key heads (grouped-query attention).
  ///   - v: the values, shaped as the keys.
  ///   - scale: The default is 1/√dimensions.
  /// - Returns: [queries, heads, dimensions].
  public func attention(queries q: Tensor, keys k: Tensor, values v: Tensor, scale: Float? = nil) -> Tensor {
    precondition(
      q.rank == 3 && k.rank == 3 && k.shape == v.shape && q.shape[2] == k.shape[2] && q.shape[1] % k.shape[1] == 0
        && q.shape[2] <= 256, "attention of \(q.shape) over \(k.shape) and \(v.shape)")
    precondition(
      q.shape[0] == queries && k.shape[0] == keys,
      "a layout of \(queries) queries and \(keys) keys for \(q.shape) and \(k.shape)")
    let (heads, keyHeads, dimensions) = (Int32(q.shape[1]), Int32(k.shape[1]), Int32(q.shape[2]))
    let scale = scale ?? 1 / Float(dimensions).squareRoot()
    var logSums = Tensor.zeros([queries, q.shape[1]])
    let value = Tensor(shape: q.shape) { out in
      logSums.mutateScalars { logSums in
        withPointers(q, k, v) { q, k, v in
          sd_attention(
            q, k, v, out.baseAddress, logSums.baseAddress, spans, groups, Int32(groups.count), few, heads, keyHeads,
            dimensions, scale)
        }
      }
    }
    return .operation(value: value, inputs: [q, k, v]) { [logSums] g in
      var (dq, dk, dv) = (Tensor.zeros(q.shape), Tensor.zeros(k.shape), Tensor.zeros(v.shape))
      dq.mutateScalars { dq in
        dk.mutateScalars { dk in
          dv.mutateScalars { dv in
            withPointers(q, k, v) { q, k, v in
              withPointers(value, logSums, g) { out, logSums, g in
                sd_attention_backward(
                  q, k, v, out, logSums, g, dq.baseAddress, dk.baseAddress, dv.baseAddress, spans, groups,
                  Int32(groups.count), heads, keyHeads, dimensions, scale)
              }
            }
          }
        }
      }
      return [dq, dk, dv]
    }
  }

  /// The same for the next row of each of several sequences, which have keys and values of their own. A row's result is what
  /// it would be alone. Not differentiable.
  ///
  /// - Parameters:
  ///   - layouts: of one query each.
  ///   - q: the queries, [sequences, heads, dimensions].
  ///   - caches: what each sequence has read.
  ///   - scale: The default is 1/√dimensions.
  /// - Returns: [sequences, heads, dimensions].
  static func attention(
    _ layouts: [AttentionLayout], queries q: Tensor, caches: [KeyValueCache.Layer], scale: Float? = nil
  ) -> Tensor {
    let (heads, dimensions) = (q.shape[1], q.shape[2])
    let width = heads * dimensions
    let scale = scale ?? 1 / Float(dimensions).squareRoot()
    var logSums = Tensor.zeros([layouts.count, heads])
    return Tensor(shape: q.shape) { out in
      logSums.mutateScalars { logSums in
        q.withScalars { q in
          guard let q = q.baseAddress, let out = out.baseAddress, let logSums = logSums.baseAddress else { return }
          func attend(_ i: Int) {
            guard let (keys, values) = caches[i].both else { return }
            let (layout, keyHeads) = (layouts[i], keys.shape[1])
            precondition(layout.queries == 1 && layout.keys == keys.shape[0], "\(layout.queries) queries of a sequence")
            keys.withScalars { k in
              values.withScalars { v in
                sd_attention(
                  q + i * width, k.baseAddress, v.baseAddress, out + i * width, logSums + i * heads, layout.spans,
                  layout.groups, Int32(layout.groups.count), layout.few, Int32(heads), Int32(keyHeads),
                  Int32(dimensions), scale)
              }
            }
          }
          // A sequence is a task; where there are fewer than threads, its chunks are.
          if layouts.count < Tensor.Compute.threads {
            layouts.indices.forEach(attend)
          } else {
            Tensor.Compute.parallel(layouts.count, attend)
          }
        }
      }
    }
  }
}

private func withPointers<Result>(
  _ a: Tensor, _ b: Tensor, _ c: Tensor,
  _ body: (UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafePointer<Float>?) -> Result
) -> Result {
  a.withScalars { a in
    b.withScalars { b in c.withScalars { c in body(a.baseAddress, b.baseAddress, c.baseAddress) } }
  }
}
