internal import CKernels
package import Tensor

extension AttentionLayout {
  /// The naive twin: the whole score matrix, a mask, plain operations.
  package func naiveAttention(queries q: Tensor, keys k: Tensor, values v: Tensor, scale: Float? = nil) -> Tensor {
    let scale = scale ?? 1 / Float(q.shape[2]).squareRoot()
    let shared = q.shape[1] / k.shape[1]
    let mask = Tensor(shape: [queries, keys]) { out in
      for i in 0..<queries { for j in 0..<keys { out[i * keys + j] = sees(query: i, key: j) ? 0 : -1e30 } }
    }
    let heads = (0..<q.shape[1]).map { head -> Tensor in
      let one = { (x: Tensor, h: Int) in x.permuted([1, 0, 2]).rows(h..<(h + 1)).reshaped([x.shape[0], x.shape[2]]) }
      let scores = one(q, head).matmul(one(k, head / shared), transposeB: true) * scale + mask
      return scores.softmax().matmul(one(v, head / shared)).reshaped([1, queries, q.shape[2]])
    }
    return Tensor.concatenated(heads).permuted([1, 0, 2])
  }

  package func sees(query: Int, key: Int) -> Bool {
    let (q, k) = (Int32(query), Int32(key))
    return spans.contains { span in
      guard q >= span.first, q < span.last else { return false }
      let own = span.place(of: q)
      guard let place = span.place(ofKey: k) else { return false }
      let isOwn = k >= span.own_first && k < span.own_last
      if isOwn, span.causal != 0, place > own + span.beyond { return false }
      return span.window == 0 || place > own - span.window
    }
  }
}

extension sd_span {
  private var shared: Int32 { shared_last - shared_first }
  private var prefix: Int32 { prefix_last - prefix_first }

  /// Where a query stands among the keys of its sequence.
  func place(of query: Int32) -> Int32 { shared + prefix + query - first + causal_offset }

  /// Where a key stands among those of the sequence; nil where it is none of them.
  func place(ofKey key: Int32) -> Int32? {
    if key >= shared_first, key < shared_last { return key - shared_first }
    if key >= prefix_first, key < prefix_last { return shared + key - prefix_first }
    return key >= own_first && key < own_last ? shared + prefix + key - own_first : nil
  }
}
